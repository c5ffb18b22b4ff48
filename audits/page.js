// The path of an audit and the cards of its studies: a step opens its item.
//
// The item's own tab is pressed, so that a step does what the tab does, reading included.
(() => {
  const ITEMS = {judge: 'find', edit: 'ablate'};
  const PLACES = {edit: ['export_edit', 'ablation', 'ablate']};
  const shown = (id) => {
    const part = document.getElementById(id);
    return part && part.offsetParent !== null ? part : null;
  };
  const arrive = (step) => {
    if (step === 'judge') return window.showQueue();
    const part = (PLACES[step] || []).map(shown).find(Boolean);
    if (part) part.scrollIntoView({block: 'center'});
  };
  document.addEventListener('click', (event) => {
    const pressed = event.target.closest('#audit_path [data-step], #study_cards [data-step]');
    if (!pressed) return;
    const step = pressed.dataset.step, item = ITEMS[step] || step;
    const box = pressed.closest('#study_cards') ? 'audit_studies' : 'audit_items';
    const tab = document.querySelector(`#${box} [role=tab][data-tab-id="${item}"]`);
    if (!tab) return;
    tab.click();
    // The path is written anew and a card goes out of sight: the focus must not fall off the page.
    tab.focus({preventScroll: true});
    // What stands in the item is read first.
    setTimeout(() => arrive(step), 400);
  });
})();
