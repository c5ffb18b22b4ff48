// Describe's list: columns that sort, and on a phone the unit as a sheet over the list.
(() => {
  const narrow = () => window.matchMedia('(max-width: 799px)').matches;
  const sheet = (open) => document.body.classList.toggle('mw-unit-open', open && narrow());
  const field = (id) => document.querySelector(`#${id} textarea, #${id} input`);

  document.addEventListener('click', (event) => {
    const head = event.target.closest('[data-sort]');
    if (head && !head.disabled) {
      const box = field('sort_pick'), key = head.dataset.sort;
      // The same column again turns it round; what is good comes first where there is a good end.
      const falls = ['score', 'methods', 'trusted'].includes(key);
      const first = falls ? `-${key}` : key, second = falls ? key : `-${key}`;
      box.value = box.value === first ? second : first;
      box.dispatchEvent(new Event('input', {bubbles: true}));
    }
    if (event.target.closest('.mw-results [data-unit]')) sheet(true);
    if (event.target.closest('[data-close-unit]')) sheet(false);
    // What was opened by there being no units stays open for whoever works in it.
    if (event.target.closest('#new_panel')) document.body.classList.add('mw-new');
    if (event.target.closest('#begin')) document.body.classList.remove('mw-new');
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') sheet(false);
  });
  // Who follows a link to a unit came to see it.
  if (new URLSearchParams(location.search).has('unit')) {
    document.addEventListener('DOMContentLoaded', () => sheet(true));
  }

  // On the sheet a swipe goes on, as the arrows do.
  let from = null;
  document.addEventListener('touchstart', (event) => {
    const inside = event.target.closest('#unit_side');
    const own = event.target.closest('input, .mw-wide, details');
    const touch = event.touches[0];
    from = inside && !own && document.body.classList.contains('mw-unit-open')
      ? {x: touch.clientX, y: touch.clientY} : null;
  }, {passive: true});
  document.addEventListener('touchend', (event) => {
    if (!from) return;
    const touch = event.changedTouches[0], across = touch.clientX - from.x;
    if (Math.abs(across) > 60 && Math.abs(across) > 2 * Math.abs(touch.clientY - from.y)) {
      const key = across < 0 ? 'ArrowRight' : 'ArrowLeft';
      document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
    }
    from = null;
  });
})();
