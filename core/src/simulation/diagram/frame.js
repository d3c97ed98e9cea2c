// What stands around the picture: headings, the buttons of nodes and kinds, the legend.

class Frame {
  tellAbout() {
    const { model } = this;
    element('title').textContent = model.title;
    element('counts').textContent =
        `${count(model.lanes.length, 'node')}, ${count(model.messages.length, 'message')}, ` +
        `${count(model.moments.length, 'event')}`;
    if (model.subtitle !== '') {
      element('subtitle').textContent = model.subtitle;
      element('about').hidden = false;
    }
    if (model.leftOut > 0) {
      element('left-out').hidden = false;
      element('left-out').textContent =
          `${count(model.leftOut, 'earlier event')} left out: the picture begins at ` +
          `${model.time(model.firstDrawn)}. Draw a window (--from, --until) or allow more events.`;
    }
    const box = element('violations');
    box.hidden = model.violations.length === 0;
    for (const violation of model.violations) {
      const button = document.createElement('button');
      button.textContent = `✕ ${violation.text}`;
      button.title = 'Show it';
      button.onclick = () => this.select(violation);
      box.append(button);
    }
  }

  makeLaneButtons() {
    const label = document.createElement('span');
    label.textContent = 'time';
    element('lanes').append(label);
    this.laneButtons = this.model.lanes.map((lane) => {
      const button = toggle(lane.name, `Show or hide node ${lane.name}`, () => {
        lane.shown = !lane.shown;
        this.refilter();
      });
      element('lanes').append(button);
      return { lane, button };
    });
  }

  makeKindButtons() {
    const box = element('kinds');
    const { model } = this;
    const add = (name, title, set, swatch) => {
      const button = toggle(name, title, () => {
        if (!set.delete(name)) set.add(name);
        button.setAttribute('aria-pressed', String(!set.has(name)));
        this.refilter();
      });
      button.setAttribute('aria-pressed', String(!set.has(name)));
      button.prepend(swatch);
      box.append(button);
    };
    for (const kind of Object.keys(KIND_COLOURS).concat(model.kinds)) {
      if (!model.kinds.includes(kind) || box.querySelector(`[data-name="${kind}"]`)) continue;
      const swatch = document.createElement('span');
      swatch.className = 'swatch';
      swatch.style.background = this.drawing.colourOf(kind);
      add(kind, `Messages of this kind: ${kind}`, model.filter.kinds, swatch);
      box.lastChild.dataset.name = kind;
    }
    for (const group of model.groups) {
      const swatch = document.createElement('span');
      swatch.className = 'swatch round';
      const look = markOf({ what: group.what[0], text: '' }, this.drawing.theme);
      swatch.style.background = group.name === 'chosen' ? this.drawing.theme.chosen : look.colour;
      add(group.name, group.title, model.filter.groups, swatch);
    }
  }

  // The legend of marks, drawn as the picture draws them.
  makeMarks() {
    const rows = [
      ['ring', 'vote', 'a vote on its way to the disk: counts for nobody'],
      ['diamond', 'lead', 'promised, durably'], ['disc', 'vote', 'accepted, durably'],
      ['disc', 'chosen', 'the votes that choose a round (green band)'],
      ['square', 'chosen', 'applied by the state machine'],
      ['star', 'lead', 'promises of a quorum: may propose; thick line: leads'],
      ['client', 'client', 'a client asks, or is answered (green), or refused (red)'],
      ['cross', 'bad', 'crash; dotted: down'], ['disk', 'bad', 'disk lost or failing'],
      ['play', 'ink', 'start'], ['pause', 'quiet', 'stands still'],
    ];
    const notes = [
      ['✕ on a dashed line', 'message lost'], ['| on a dashed line', 'network cut'],
      ['dashed to the end', 'a copy, or nobody listens there'],
      ['dashed lane', 'does not vote'], ['no lane', 'not there yet, or retired'], ['orange', 'network in parts'],
    ];
    for (const [shape, colour, text] of rows) {
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = 22;
      drawShape(canvas.getContext('2d'), shape, 11, 11, this.drawing.theme[colour],
                this.drawing.theme.page);
      addRow(element('marks'), canvas, text);
    }
    for (const [mark, text] of notes) addRow(element('marks'), mark, text);
  }

  placeLaneButtons() {
    const { drawing } = this;
    let hidden = 0;
    for (const { lane, button } of this.laneButtons) {
      button.setAttribute('aria-pressed', String(lane.shown));
      const away = drawing.width - 30 - 40 * hidden;
      if (!lane.shown) ++hidden;
      button.style.left = `${lane.shown ? lane.x : away}px`;
    }
  }
}

// --- Small things --------------------------------------------------------------------------------

function element(id) { return document.getElementById(id); }

function count(number, word) {
  return `${number.toLocaleString('en')} ${word}${number === 1 ? '' : 's'}`;
}

function toggle(name, title, act) {
  const button = document.createElement('button');
  button.append(name);
  button.title = title;
  button.setAttribute('aria-pressed', 'true');
  button.onclick = act;
  return button;
}

function addRow(table, mark, text) {
  const row = table.insertRow();
  const cell = document.createElement('th');
  cell.append(mark);
  row.append(cell);
  row.insertCell().textContent = text;
}
