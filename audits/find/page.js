// Find and sign off: verdicts and the queue by single keys, at typing speed.
//
// The page goes on at once. Presses wait in `presses`, are saved behind in their order, and stay in
// the tab's storage until they are: a reload sends them again, and the same press twice is one
// verdict. `deck` holds the units that wait for this person, the first `at` of them walked past.
(() => {
  const WANTED = 40, LOW = 25, PICTURES = 5, BATCH = 50, KEPT = 30, SHOWN = 6;
  let stage = null, held = null, query = '', owner = null;
  let deck = [], at = 0, total = 0, ended = false, notice = '';
  let presses = [], sending = false, pause = 0, timer = 0;
  let ahead = [], states = null;

  const unsaved = () => presses.filter((press) => press.state !== 'saved' && press.state !== 'refused');
  const id = () => Array.from(crypto.getRandomValues(new Uint8Array(12)),
    (byte) => byte.toString(16).padStart(2, '0')).join('');

  // --- storage: by person, so that whoever signs in next on this machine sends nothing of another's
  const place = () => `mw-verdicts ${owner}`;
  const store = () => {
    const done = presses.filter((press) => press.state === 'saved').slice(-KEPT);
    presses = presses.filter((press) => press.state !== 'saved' || done.includes(press));
    try {
      sessionStorage.setItem(place(), JSON.stringify(presses));
    } catch (full) {
      notice = 'The browser keeps no more verdicts: wait until these are saved before you reload.';
    }
  };
  const recall = () => {
    try {
      presses = JSON.parse(sessionStorage.getItem(place()) || '[]');
    } catch (broken) {
      presses = [];
    }
    // What was on its way when the page went may have arrived or not; it is sent again.
    for (const press of presses) if (press.state === 'saving') press.state = 'waiting';
  };

  // --- the stage
  // The framework puts a new stage on the page with every search.
  const adopt = () => {
    const found = document.querySelector('#look .mw-stage');
    if (found === stage && (!found || found.dataset.queue === held.text)) return;
    stage = found;
    if (!stage) return;
    held = {...JSON.parse(stage.dataset.queue), text: stage.dataset.queue};
    query = JSON.stringify(held.query);
    if (owner !== held.person) { owner = held.person; recall(); }
    at = 0;
    ended = false;
    notice = '';
    states = null;
    const judged = waitingVerdicts();
    deck = held.cards.filter((card) => !judged.has(card.unit_id));
    total = held.waiting - held.cards.length + deck.length;
    show();
    trail();
    send();
  };
  // Units of this search with a verdict that the server may not know yet.
  const waitingVerdicts = () => {
    const units = new Map();
    for (const press of unsaved()) {
      if (JSON.stringify(press.query) !== query) continue;
      if (press.verdict === 'withdrawn') units.delete(press.card.unit_id);
      else units.set(press.card.unit_id, press);
    }
    return units;
  };
  const show = () => {
    const card = deck[at];
    const remarks = document.getElementById('remarks');
    if (card) {
      stage.innerHTML = card.html;
      stage.querySelector('.mw-place').textContent =
        `${(at + 1).toLocaleString('en')} of ${total.toLocaleString('en')} to judge`;
    } else if (ended) {
      stage.innerHTML = held.done;
      if (!stage.textContent.trim()) stage.textContent = '';
    } else {
      stage.textContent = 'The next units are on their way…';
    }
    stage.dataset.front = card ? card.unit_id : '';
    if (remarks) remarks.style.display = card ? '' : 'none';
    for (const asked of document.querySelectorAll('#evidence .mw-asked')) {
      asked.hidden = asked.dataset.of !== stage.dataset.front;
    }
    // Held, or the browser may drop what it fetched.
    ahead = deck.slice(at + 1, at + 1 + PICTURES).filter((next) => next.picture).map((next) => {
      const picture = new Image();
      picture.src = next.picture;
      return picture;
    });
  };
  const field = (name) => document.querySelector(`#${name} input, #${name} textarea`);
  const turn = () => {
    // A reason is of one unit: it goes when another comes to the front. A tag is of one concept.
    const note = field('note');
    if (note && note.value) {
      note.value = '';
      note.dispatchEvent(new Event('input', {bubbles: true}));
    }
    show();
  };

  // --- what a reviewer does
  // A verdict is about a picture that was seen: at least a quarter of it, or of the window.
  const seesUnit = () => {
    const unit = stage.querySelector('.mw-look'), grid = unit && unit.querySelector('img.grid');
    const box = (grid && grid.naturalHeight ? grid : unit).getBoundingClientRect();
    const visible = Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
    return visible > 0 && visible >= Math.min(box.height, innerHeight) / 4;
  };
  const showUnit = () => document.getElementById('look').scrollIntoView({block: 'start'});

  const judge = (verdict) => {
    adopt();
    notice = '';
    const card = stage && deck[at];
    if (!card) {
      notice = ended || !stage ? 'There is no unit to judge: find some first.'
        : 'That key came before the next unit: it was not counted.';
      trail();
      return;
    }
    if (!seesUnit()) { showUnit(); return; }
    const grid = stage.querySelector('img.grid');
    const tag = field('tag'), note = field('note');
    presses.push({press: id(), verdict, of: '', card, query: held.query, at,
      tag: tag ? tag.value : '', note: note ? note.value : '',
      pictured: !grid || (grid.complete && grid.naturalWidth > 0), state: 'waiting', said: ''});
    deck.splice(at, 1);
    total -= 1;
    if (ended && at >= deck.length) at = Math.max(0, deck.length - 1);
    turn();
    changed();
  };
  const undo = () => {
    adopt();
    notice = '';
    const last = presses.findLast((press) =>
      press.verdict !== 'withdrawn' && !press.undone && press.state !== 'refused');
    if (!stage || !last) {
      notice = 'Nothing of this visit is left to undo.';
      trail();
      return;
    }
    last.undone = true;
    presses.push({...last, press: id(), verdict: 'withdrawn', of: last.press, note: '',
      state: 'waiting', said: ''});
    if (JSON.stringify(last.query) === query) {
      deck = deck.filter((card) => card.unit_id !== last.card.unit_id);
      at = Math.min(last.at, deck.length);
      deck.splice(at, 0, last.card);
      total += 1;
    }
    turn();
    changed();
  };
  const move = (by) => {
    adopt();
    if (!stage) return;
    at = Math.max(0, Math.min(at + by, deck.length - (ended ? 1 : 0)));
    turn();
    send();
  };
  const changed = () => { store(); trail(); send(); };

  // --- saving behind
  const send = async (leaving = false) => {
    if (!stage || (sending && !leaving)) return;
    const batch = unsaved().slice(0, BATCH);
    const wants = !ended && deck.length - at < LOW;
    if (!batch.length && !wants) return;
    const asked = held, skip = Math.max(0, deck.length - 5), limit = wants && !leaving ? WANTED : 0;
    const sent = batch.map((press) => ({press: press.press, verdict: press.verdict, of: press.of,
      unit_id: press.card.unit_id, method: press.card.method, sentence_id: press.card.sentence_id,
      sha256: press.card.sha256, exemplars: press.card.exemplars, query: press.query,
      tag: press.tag, note: press.note, pictured: press.pictured}));
    const request = {method: 'POST', headers: {'content-type': 'application/json'},
      keepalive: leaving, body: JSON.stringify(
        {person: held.person, query: held.query, presses: sent, skip, limit})};
    if (leaving) { fetch('verdicts', request); return; }
    clearTimeout(timer);
    sending = true;
    for (const press of batch) press.state = 'saving';
    trail();
    try {
      const response = await fetch('verdicts', request);
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error || response.statusText);
      batch.forEach((press, index) => {
        press.state = answer.refusals[index] ? 'refused' : 'saved';
        press.said = answer.refusals[index];
      });
      pause = 0;
      if (asked === held) receive(answer, limit);
    } catch (error) {
      for (const press of batch) {
        press.state = 'failed';
        press.said = error.message;
      }
      pause = Math.min(30, Math.max(1, 2 * pause));
      timer = setTimeout(send, 1000 * pause);
    }
    sending = false;
    store();
    trail();
    if (!pause) send();
  };
  const receive = (answer, limit) => {
    const known = new Set([...deck.map((card) => card.unit_id), ...waitingVerdicts().keys()]);
    const before = deck[at];
    if (limit) {
      deck.push(...answer.cards.filter((card) => !known.has(card.unit_id)));
      ended = answer.cards.length < limit;
      if (ended && at >= deck.length) at = Math.max(0, deck.length - 1);
    }
    // Verdicts that came meanwhile are not in the server's number.
    let left = answer.waiting;
    for (const press of unsaved()) {
      if (JSON.stringify(press.query) === query) left += press.verdict === 'withdrawn' ? 1 : -1;
    }
    total = Math.max(left, deck.length);
    if (deck[at] !== before || !before) show();
    else stage.querySelector('.mw-place').textContent =
      `${(at + 1).toLocaleString('en')} of ${total.toLocaleString('en')} to judge`;
    const tally = document.querySelector('#tally .mw-tally');
    const parsed = new DOMParser().parseFromString(answer.tally, 'text/html');
    if (tally) tally.innerHTML = parsed.querySelector('.mw-tally').innerHTML;
    states = answer.states;
    label();
  };
  // The page of all matches may be unfolded later than it was written.
  const label = () => {
    if (!states) return;
    for (const cell of document.querySelectorAll('#listing [data-judged]')) {
      const state = states[cell.dataset.judged] || '';
      if (cell.textContent !== state) cell.textContent = state;
    }
  };

  // --- the trail: what became of the last verdicts
  const trail = () => {
    const box = document.querySelector('#trail .mw-trail');
    if (!box) return;
    const line = (text) => {
      const part = document.createElement('div');
      part.textContent = text;
      return part;
    };
    const lines = notice ? [line(notice)] : [];
    const open = unsaved(), failed = open.filter((press) => press.state === 'failed');
    if (failed.length) {
      const again = document.createElement('button');
      again.className = 'mw-again';
      again.textContent = 'try again';
      again.onclick = () => { pause = 0; send(); };
      const part = line(`${failed.length} not saved (${failed[0].said}): `);
      part.append(again);
      lines.push(part);
    }
    const says = {waiting: 'saving…', saving: 'saving…', saved: 'saved', failed: 'not saved'};
    const recent = new Set([...presses.slice(-SHOWN),
      ...presses.filter((press) => press.state === 'refused').slice(-SHOWN)]);
    for (const press of [...recent].reverse()) {
      const state = press.state === 'refused' ? `not saved: ${press.said}` : says[press.state];
      const part = line(`${press.card.name} ${press.verdict} · ${state}`);
      part.dataset.state = press.state;
      lines.push(part);
    }
    box.dataset.unsaved = open.length;
    box.replaceChildren(...lines);
  };

  // The unit comes to the top of the window, under what was found where that takes little room.
  window.showQueue = () => requestAnimationFrame(() => {
    adopt();
    if (!document.querySelector('#look .mw-look')) return;
    const found = document.getElementById('found');
    if (found.offsetHeight < innerHeight / 4) found.scrollIntoView({block: 'start'});
    else showUnit();
  });
  window.reviewing = {judge, undo, move, front: () => (stage && stage.dataset.front) || ''};
  document.addEventListener('keydown', (event) => {
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = {c: 'confirm', x: 'reject', '?': 'unsure', z: 'undo',
      arrowleft: 'queue_back', arrowright: 'queue_on'};
    const name = keys[event.key.toLowerCase()], button = document.getElementById(name);
    if (!button || button.offsetParent === null) return;
    // A key that is held down is one press of it.
    if (event.repeat && !name.startsWith('queue')) return;
    const acts = {confirm: () => judge('confirmed'), reject: () => judge('rejected'),
      unsure: () => judge('unsure'), undo, queue_back: () => move(-1), queue_on: () => move(1)};
    acts[name]();
  });
  addEventListener('pagehide', () => { if (stage && unsaved().length) send(true); });
  setInterval(() => { adopt(); label(); }, 200);
})();
