// Find and sign off: verdicts and the queue by single keys.
(() => {
  // A verdict is about a picture that was seen: at least a quarter of it, or of the window.
  const seesUnit = () => {
    const [unit] = document.querySelectorAll('#look .mw-look');
    const shown = unit && (unit.querySelector('img.grid') || unit);
    if (!shown) return true;
    const box = shown.getBoundingClientRect();
    const visible = Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
    return visible > 0 && visible >= Math.min(box.height, innerHeight) / 4;
  };
  const showUnit = () => document.getElementById('look').scrollIntoView({block: 'start'});
  // The unit comes to the top of the window, under what was found where that takes little room.
  window.showQueue = () => requestAnimationFrame(() => {
    if (!document.querySelector('#look .mw-look')) return;
    const found = document.getElementById('found');
    if (found.offsetHeight < innerHeight / 4) found.scrollIntoView({block: 'start'});
    else showUnit();
  });
  document.addEventListener('keydown', (event) => {
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const ids = {c: 'confirm', x: 'reject', '?': 'unsure', z: 'undo',
      arrowleft: 'queue_back', arrowright: 'queue_on'};
    const id = ids[event.key.toLowerCase()], button = document.getElementById(id);
    if (!button || button.offsetParent === null) return;
    if (/^(confirm|reject|unsure)$/.test(id) && !seesUnit()) showUnit();
    else button.click();
  });
})();
