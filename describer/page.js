// The Describe tab: open units from their rows, walk the list by keys, lift masks, tell local times.
(() => {
  const pick = (id) => {
    const box = document.querySelector('#unit_pick textarea, #unit_pick input');
    if (!box || !id) return;
    box.value = id;
    box.dispatchEvent(new Event('input', {bubbles: true}));
  };
  const typing = (e) => /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName);
  const visible = (node) => node && node.offsetParent !== null;
  const open = () => {
    const shown = document.querySelector('.mw-unit[data-current]');
    return visible(shown) ? shown.dataset.current : '';
  };

  // A page of the list that was asked for by a key: where the list was, and to which side it goes.
  let turning = null;
  const list = () => document.querySelector('.mw-results');
  const listed = () => [...document.querySelectorAll('.mw-results [data-unit]')].filter(visible);
  const go = (row) => {
    row.scrollIntoView({block: 'nearest'});
    pick(row.dataset.unit);
  };
  // Where the walk was, for a unit that was opened from elsewhere.
  let reached = '';
  const walk = (step) => {
    const rows = listed(), has = (id) => rows.some((row) => row.dataset.unit === id);
    const here = !open() || has(open()) ? open() : reached;
    if (!has(here) && step < 0) return;
    if (!open() || !rows.length || (turning && Date.now() < turning.until)) return;
    // A unit that several methods described has several rows, which are one step.
    const ahead = step > 0 ? rows : [...rows].reverse();
    const last = ahead.findLastIndex((row) => row.dataset.unit === here);
    if (ahead[last + 1]) return go(ahead[last + 1]);
    const offset = Number(list().dataset.offset), total = Number(list().dataset.total);
    const more = step > 0 ? offset + rows.length < total : offset > 0;
    const button = document.querySelector(step > 0 ? '#forth' : '#back');
    if (!more || !button) return;
    turning = {offset, step, until: Date.now() + 10000};
    button.click();
  };
  const turned = () => {
    if (!turning || !list() || Number(list().dataset.offset) === turning.offset) return;
    const late = Date.now() > turning.until;
    const rows = turning.step > 0 ? listed() : listed().reverse();
    turning = null;
    if (late) return;
    const next = rows.find((row) => row.dataset.unit !== open());
    if (next) go(next);
  };
  const mark = () => {
    const here = open();
    if (listed().some((row) => row.dataset.unit === here)) reached = here;
    document.querySelectorAll('.mw-results [data-unit]').forEach((row) => {
      const current = row.dataset.unit === here;
      if (current !== row.hasAttribute('aria-current')) {
        if (current) {
          row.setAttribute('aria-current', 'true');
          // The frame of the keyboard's place goes along, or two rows would look chosen.
          const focused = document.activeElement && document.activeElement.closest('.mw-results [data-unit]');
          if (focused) row.focus({preventScroll: true});
        }
        else row.removeAttribute('aria-current');
      }
    });
  };
  document.addEventListener('click', (event) => {
    // Whoever presses something else meanwhile goes there.
    if (event.isTrusted) turning = null;
    const row = event.target.closest('[data-unit]');
    if (row) pick(row.dataset.unit);
  });

  // The list of jobs, from the chips above the tabs.
  document.addEventListener('click', (event) => {
    if (!event.target.closest('[data-jobs]')) return;
    const tab = [...document.querySelectorAll('[role=tab], .overflow-dropdown button')]
      .find((each) => each.textContent.trim() === 'Describe');
    if (tab) tab.click();
    // A tab is put on the page when it is first opened.
    const until = Date.now() + 3000;
    const lead = () => {
      const area = document.querySelector('#jobs'), head = area && area.querySelector('button');
      if (!visible(head)) return Date.now() < until && setTimeout(lead, 50);
      if (!head.classList.contains('open')) head.click();
      area.scrollIntoView({block: 'start'});
    };
    lead();
  });

  const mask = (masked) => document.querySelectorAll('img[data-open]').forEach((image) => {
    const wanted = masked ? image.dataset.masked : image.dataset.open;
    if (visible(image) && image.getAttribute('src') !== wanted) image.src = wanted;
  });
  document.addEventListener('keydown', (event) => {
    if (typing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'm' || event.key === 'M') mask(false);
    if (event.key === 'ArrowRight') walk(1);
    if (event.key === 'ArrowLeft') walk(-1);
  });
  document.addEventListener('keyup', (event) => {
    if (event.key === 'm' || event.key === 'M') mask(true);
  });

  // The slider blends the pictures without masks under those with them.
  const fade = () => {
    const slider = document.querySelector('#masks');
    const shown = slider && slider.closest('.mw-unit').querySelector('.mw-lift img');
    const wanted = slider ? String(slider.value / 100) : '1';
    if (!shown || (shown.style.opacity || '1') === wanted) return;
    shown.parentElement.style.backgroundImage = `url(${shown.dataset.open})`;
    shown.style.opacity = wanted;
  };
  document.addEventListener('input', (event) => {
    if (event.target.id === 'masks') fade();
  });

  // Let go of by mouse, it gives the arrows back to the list.
  document.addEventListener('pointerup', (event) => {
    if (event.target.id === 'masks') event.target.blur();
  });

  const local = () => document.querySelectorAll('time[data-utc]').forEach((node) => {
    const text = new Date(node.dataset.utc).toLocaleTimeString([], {hour: '2-digit',
      minute: '2-digit'});
    if (node.textContent !== text) node.textContent = text;
  });
  new MutationObserver(() => {
    local();
    turned();
    mark();
    fade();
  }).observe(document.documentElement, {childList: true, subtree: true});
})();
