// What a person does with the picture: zoom, move, filter, find, look closer.

class Page extends Frame {
  constructor() {
    super();
    this.errors = [];
    window.addEventListener('error', (event) => this.errors.push(event.message));
    document.addEventListener('securitypolicyviolation',
                              (event) => this.errors.push(`blocked: ${event.blockedURI}`));
    this.model = new Model(JSON.parse(element('timeline').textContent));
    this.canvas = element('drawing');
    this.drawing = new Drawing(this.model, this.canvas, element('overview'));
    this.tellAbout();
    this.makeLaneButtons();
    if (this.model.lines > 400) this.model.filter.groups.add('other records');
    this.makeKindButtons();
    this.makeMarks();
    this.listen();
    this.model.layOut();
    this.resize();
    this.showFirst();
  }

  // --- Changing what is shown --------------------------------------------------------------------

  // Lays out anew and keeps in place what stands at the upper third.
  refilter() {
    const { drawing, model } = this;
    const anchor = drawing.current ?? model.shown[lowerBound(
        { length: model.shown.length, at: (i) => model.shown[i].place },
        drawing.placeAt(drawing.height / 3))] ?? null;
    const y = anchor === null ? 0 : drawing.y(anchor.place);
    model.layOut();
    if (anchor !== null) drawing.top = anchor.place - y / drawing.scale + (model.byTime ? 0 : 0.5);
    drawing.placeLanes();
    drawing.overviewPicture = null;
    this.placeLaneButtons();
    this.tellFound();
    this.redraw();
  }

  setRounds(text) {
    const found = /^\s*r?(\d+)\s*(?:(?:-|\.\.|–)\s*r?(\d+)?)?\s*$/.exec(text);
    const open = /(-|\.\.|–)\s*$/.test(text);
    this.model.filter.rounds = found === null ? null : {
      first: Number(found[1]),
      last: found[2] !== undefined ? Number(found[2]) : open ? Infinity : Number(found[1]),
    };
    if (element('round').value !== text) element('round').value = text;
    if (this.model.filter.only) this.refilter(); else this.redraw();
  }

  setText(text) {
    this.model.filter.text = text.trim().toLowerCase();
    this.tellFound();
    this.redraw();
  }

  tellFound() {
    const { model } = this;
    const found = model.filter.text === '' ? null : model.shown.filter((each) => model.matches(each));
    this.foundMoments = found ?? [];
    element('found').textContent = found === null ? '' : `${found.length} found`;
  }

  setAxis(byTime) {
    const { drawing, model } = this;
    if (model.byTime === byTime) return;
    model.byTime = byTime;
    element('axis').setAttribute('aria-pressed', String(byTime));
    const anchor = drawing.current ?? drawing.visible[0] ?? null;
    model.layOut();
    drawing.scale = byTime ? drawing.height / Math.min(model.extent, 50_000) : READABLE;
    drawing.top = anchor === null ? 0 : anchor.place - drawing.height / 3 / drawing.scale;
    drawing.overviewPicture = null;
    this.redraw();
  }

  zoom(factor, at = this.drawing.height / 2) {
    const { drawing } = this;
    const place = drawing.placeAt(at);
    drawing.scale *= factor;
    drawing.clamp();
    drawing.top += place - drawing.placeAt(at);
    this.redraw();
  }

  fit() {
    this.drawing.top = 0;
    this.drawing.scale = this.drawing.height / this.model.extent;
    this.redraw();
  }

  readable() {
    if (this.model.byTime) this.setAxis(false);
    this.zoom(READABLE / this.drawing.scale);
  }

  move(pixels) {
    this.drawing.top += pixels / this.drawing.scale;
    this.redraw();
  }

  select(moment) {
    const { drawing } = this;
    drawing.current = moment;
    element('details').textContent = moment === null ? '' : this.model.describe(moment).join(' · ');
    if (moment === null) return this.redraw();
    const y = drawing.y(moment.place);
    if (y < 30 || y > drawing.height - 30) {
      drawing.top = moment.place - drawing.height / 2 / drawing.scale;
    }
    return this.redraw();
  }

  // The next that is shown, from the current one on; `among` narrows.
  step(direction, among = this.model.shown) {
    if (among.length === 0) return;
    const { drawing } = this;
    const current = drawing.current;
    let place;
    if (current === null) {
      const seen = { length: among.length, at: (i) => among[i].place };
      place = lowerBound(seen, drawing.placeAt(0)) - (direction > 0 ? 0 : 1);
    } else {
      const seen = { length: among.length, at: (i) => among[i].index };
      const bound = lowerBound(seen, current.index);
      const here = bound < among.length && among[bound] === current;
      place = direction > 0 ? bound + (here ? 1 : 0) : bound - 1;
    }
    this.select(among[Math.max(0, Math.min(among.length - 1, place))]);
  }

  chooseRound(moment) {
    const concerned = moment?.message?.sent ?? moment;
    if (concerned === null || concerned === undefined || concerned.first === 0) return;
    this.setRounds(String(concerned.first));
  }

  // Where it went wrong, if it did; of a short run, the beginning.
  showFirst() {
    const violation = this.model.violations[0];
    if (violation !== undefined && this.model.lines > 400) this.select(violation);
  }

  // --- Listening ---------------------------------------------------------------------------------

  listen() {
    const on = (id, event, act) => element(id).addEventListener(event, act);
    on('zoom-in', 'click', () => this.zoom(1.4));
    on('zoom-out', 'click', () => this.zoom(1 / 1.4));
    on('fit', 'click', () => this.fit());
    on('readable', 'click', () => this.readable());
    on('save', 'click', () => this.savePicture());
    on('axis', 'click', () => this.setAxis(!this.model.byTime));
    on('round', 'input', (event) => this.setRounds(event.target.value));
    on('search', 'input', (event) => this.setText(event.target.value));
    on('search', 'keydown', (event) => {
      if (event.key === 'Enter') this.step(event.shiftKey ? -1 : 1, this.foundMoments);
    });
    on('only', 'change', (event) => {
      this.model.filter.only = event.target.checked;
      this.refilter();
    });
    this.listenToPointer();
    this.listenToOverview();
    document.addEventListener('keydown', (event) => this.onKey(event));
    new ResizeObserver(() => this.resize()).observe(element('stage'));
    window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.drawing.readTheme();
      this.resize();
    });
    window.addEventListener('beforeprint', () => this.beforePrint());
    window.addEventListener('afterprint', () => {
      this.drawing.readTheme();
      this.resize();
    });
  }

  listenToPointer() {
    const { canvas, drawing } = this;
    let held = null;
    canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode === 1 ? 30 : 1);
      if (event.ctrlKey || event.metaKey) this.zoom(Math.exp(-pixels / 300), event.offsetY);
      else this.move(pixels);
    }, { passive: false });
    canvas.addEventListener('pointerdown', (event) => {
      held = { y: event.clientY, top: drawing.top, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (held === null) return this.hover(event.offsetX, event.offsetY);
      const moved = event.clientY - held.y;
      if (Math.abs(moved) < 4 && !held.moved) return undefined;
      held.moved = true;
      canvas.classList.add('moving');
      drawing.top = held.top - moved / drawing.scale;
      return this.redraw();
    });
    canvas.addEventListener('pointerup', (event) => {
      canvas.classList.remove('moving');
      if (held !== null && !held.moved) this.click(event.offsetX, event.offsetY);
      held = null;
    });
    canvas.addEventListener('pointerleave', () => this.hover(-1000, -1000));
  }

  listenToOverview() {
    const overview = element('overview');
    const go = (event) => {
      const place = event.offsetY / this.drawing.height * this.model.extent;
      this.drawing.top = place - this.drawing.height / 2 / this.drawing.scale;
      this.redraw();
    };
    overview.addEventListener('pointerdown', (event) => {
      overview.setPointerCapture(event.pointerId);
      go(event);
    });
    overview.addEventListener('pointermove', (event) => { if (event.buttons === 1) go(event); });
  }

  click(x, y) {
    const moment = this.drawing.momentAt(x, y);
    this.select(moment);
    if (moment === null) this.setRounds(''); else this.chooseRound(moment);
  }

  hover(x, y) {
    const { drawing } = this;
    const moment = x < 0 ? null : drawing.momentAt(x, y);
    const tip = element('tip');
    if (moment === null) {
      tip.hidden = true;
    } else {
      this.fillTip(tip, moment);
      tip.style.left = `${Math.max(0, Math.min(x + 16, drawing.width - tip.offsetWidth - 10))}px`;
      const below = y + 16 + tip.offsetHeight < drawing.height;
      tip.style.top = `${below ? y + 16 : y - 12 - tip.offsetHeight}px`;
    }
    if (moment === drawing.hovered) return;
    drawing.hovered = moment;
    this.redraw();
  }

  fillTip(tip, moment) {
    const [first, ...rest] = this.model.describe(moment);
    const title = document.createElement('b');
    title.textContent = first;
    tip.replaceChildren(title, ...rest.map((text) => {
      const row = document.createElement('span');
      row.textContent = text;
      return row;
    }));
    tip.hidden = false;
  }

  onKey(event) {
    if (event.key === 'Escape') return this.forget();
    if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
    if (['INPUT', 'BUTTON', 'SUMMARY'].includes(event.target.tagName)) return undefined;
    const page = this.drawing.height * 0.85;
    const acts = {
      'ArrowDown': () => this.step(1), 'j': () => this.step(1), 'ArrowUp': () => this.step(-1),
      'k': () => this.step(-1), 'PageDown': () => this.move(page), ' ': () => this.move(page),
      'PageUp': () => this.move(-page), 'Home': () => this.move(-Infinity),
      'End': () => this.move(Infinity), '+': () => this.zoom(1.4), '=': () => this.zoom(1.4),
      '-': () => this.zoom(1 / 1.4), '0': () => this.fit(), '1': () => this.readable(),
      't': () => this.setAxis(!this.model.byTime), '/': () => element('search').focus(),
      'n': () => this.step(1, this.foundMoments), 'N': () => this.step(-1, this.foundMoments),
      'v': () => this.step(1, this.model.violations),
      'Enter': () => this.chooseRound(this.drawing.current),
    };
    if (acts[event.key] === undefined) return undefined;
    event.preventDefault();
    return acts[event.key]();
  }

  forget() {
    element('search').value = '';
    element('tip').hidden = true;
    this.setText('');
    this.setRounds('');
    this.select(null);
    this.canvas.focus();
  }

  // --- Drawing -----------------------------------------------------------------------------------

  resize() {
    const stage = element('stage');
    if (stage.clientWidth === 0) return;
    this.drawing.resize(stage.clientWidth, stage.clientHeight);
    this.placeLaneButtons();
    this.drawing.draw();
  }

  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.drawing.draw();
    });
  }

  savePicture() {
    const link = document.createElement('a');
    link.download = `${this.model.title}.png`;
    link.href = pictureOf(this, this.drawing.width).toDataURL('image/png');
    link.click();
  }

  // All of a short run on paper, or what is seen of a long one.
  beforePrint() {
    const { drawing, model } = this;
    drawing.readTheme();
    const whole = model.extent * drawing.scale;
    if (!model.byTime && whole < 14_000) {
      drawing.top = 0;
      drawing.resize(drawing.width, whole + 20);
    }
    drawing.draw();
  }
}

// For tests, and for the console of whoever looks closer.
window.synodDiagram = new Page();
