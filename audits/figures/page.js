// Drawings: the values of the count under the pointer or the finger stand beneath the drawing.
(() => {
  const tell = (event) => {
    const hit = event.target.closest && event.target.closest('.mw-curve .hit');
    if (!hit) return;
    const figure = hit.closest('.mw-figure'), told = figure && figure.querySelector('.mw-readout');
    figure.querySelectorAll('.hit.on').forEach((each) => each.classList.toggle('on', each === hit));
    hit.classList.add('on');
    if (told && told.textContent !== hit.dataset.words) told.textContent = hit.dataset.words;
  };
  document.addEventListener('pointerover', tell);
  document.addEventListener('pointerdown', tell);
})();
