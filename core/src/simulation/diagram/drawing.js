// The picture: lanes downwards, one column for each node, and only what can be seen.

class Drawing extends Margins {
  draw() {
    const started = performance.now();
    const { context, model } = this;
    this.clamp();
    const margin = 40 / this.scale;
    const from = this.top - margin;
    const to = this.placeAt(this.height) + margin;
    context.globalAlpha = 1;
    context.fillStyle = this.theme.page;
    context.fillRect(0, 0, this.width, this.height);
    context.font = FONT;
    context.textBaseline = 'middle';
    this.taken = [];  // Where texts stand.
    this.visible = model.shownBetween(from, to);
    this.arrows = model.arrowsBetween(from, to);
    this.drawCuts();
    this.drawBands();
    this.drawLanes();
    this.drawArrows();
    this.drawMarks();
    this.labelArrows();
    this.drawTimes();
    this.drawSelection();
    this.drawOverview();
    this.milliseconds = performance.now() - started;
  }

  drawCuts() {
    const { context, model } = this;
    for (const span of model.cuts) {
      const y = Math.max(-5, this.y(model.placeOf(span.from)));
      const end = Math.min(this.height + 5, this.y(model.placeOf(span.to)));
      if (end < 0 || y > this.height) continue;
      context.fillStyle = this.theme.cut;
      context.globalAlpha = 0.1;
      context.fillRect(GUTTER, y, this.right - GUTTER, end - y);
      context.globalAlpha = 0.22;
      for (const node of span.nodes) {
        if (model.laneOf.get(node)?.shown) context.fillRect(this.x(node) - 16, y, 32, end - y);
      }
    }
    context.globalAlpha = 1;
  }

  // What concerns everybody stands across all lanes.
  drawBands() {
    const bands = { 'chosen': 'chosen-band', 'violation': 'bad-band', 'narration': 'narration' };
    const { context } = this;
    const height = Math.max(2, Math.min(this.scale - 2, 20));
    for (const moment of this.visible) {
      const colour = bands[moment.what];
      if (colour === undefined) continue;
      context.globalAlpha = this.model.concerns(moment) ? 1 : 0.25;
      context.fillStyle = this.theme[colour];
      context.fillRect(GUTTER - 8, this.y(moment.place) - height / 2, this.right - GUTTER + 8,
                       height);
    }
    context.globalAlpha = 1;
  }

  drawLanes() {
    const { context, model } = this;
    for (const lane of model.lanes) {
      if (!lane.shown) continue;
      context.strokeStyle = this.theme.lane;
      context.lineWidth = 1.5;
      line(context, lane.x, 0, lane.x, Math.min(this.height, this.y(model.extent)));
    }
    for (const span of model.spans) this.drawSpan(span);
  }

  drawSpan(span) {
    const { context, model } = this;
    const lane = model.laneOf.get(span.node);
    const y = Math.max(-5, this.y(model.placeOf(span.from)));
    const end = Math.min(this.height + 5, this.y(model.placeOf(span.to)));
    if (lane === undefined || !lane.shown || end < 0 || y > this.height) return;
    const { x } = lane;
    const wipe = (width) => {
      context.fillStyle = this.theme.page;
      context.fillRect(x - width / 2, y, width, end - y);
    };
    switch (span.kind) {
      case 'leading':
        context.fillStyle = this.theme.lead;
        context.fillRect(x - 4, y, 8, end - y);
        break;
      case 'down':
        wipe(6);
        context.strokeStyle = this.theme.bad;
        context.lineWidth = 2;
        context.setLineDash([2, 7]);
        line(context, x, y, x, end);
        break;
      case 'absent':
      case 'gone':
        wipe(6);
        break;
      case 'passive':
        wipe(4);
        context.strokeStyle = this.theme.lane;
        context.setLineDash([7, 5]);
        line(context, x, y, x, end);
        break;
      case 'paused':
        context.strokeStyle = this.theme.paused;
        context.lineWidth = 12;
        context.setLineDash([3, 4]);
        line(context, x, y, x, end);
        break;
    }
    context.setLineDash([]);
  }

  // --- Messages ----------------------------------------------------------------------------------

  ends(arrow) {
    const fromX = this.x(arrow.from);
    const toX = this.x(arrow.to);
    const y = this.y(arrow.sent.place);
    const arrives = arrow.end !== null && arrow.fate !== 'lost' && arrow.fate !== 'cut';
    if (arrives) return { fromX, y, toX, toY: this.y(arrow.end.place), arrives };
    const share = arrow.fate === 'cut' ? 0.22 : 0.45;
    const down = this.model.byTime ? 10 : this.scale * 0.8;
    return { fromX, y, toX: fromX + (toX - fromX) * share, toY: y + Math.min(down, 18), arrives };
  }

  drawArrows() {
    const { context } = this;
    this.skipped = Math.ceil(this.arrows.length / 25000);
    const detailed = this.areEndsDrawn();
    const byStyle = new Map();
    this.arrows.forEach((arrow, k) => {
      if (this.skipped > 1 && k % this.skipped !== 0 && arrow.fate === 'delivered') return;
      const faded = this.fades(arrow.sent) ? 1 : 0;
      const whole = arrow.fate === 'delivered' && !arrow.copy ? 1 : 0;
      const style = `${arrow.word}|${whole}|${faded}`;
      if (!byStyle.has(style)) byStyle.set(style, []);
      byStyle.get(style).push(arrow);
    });
    for (const [style, arrows] of byStyle) {
      const [kind, whole, faded] = style.split('|');
      context.globalAlpha = faded === '1' ? 0.12 : detailed ? 1 : 0.4;
      context.strokeStyle = context.fillStyle = this.colourOf(kind);
      context.lineWidth = detailed ? 1.6 : 0.7;
      context.setLineDash(whole === '1' ? [] : [5, 4]);
      context.beginPath();
      for (const arrow of arrows) {
        const { fromX, y, toX, toY } = this.ends(arrow);
        context.moveTo(fromX, y);
        context.lineTo(toX, toY);
      }
      context.stroke();
      context.setLineDash([]);
      if (detailed) for (const arrow of arrows) this.drawArrowEnd(arrow);
    }
    context.globalAlpha = 1;
  }

  areEndsDrawn() {
    return this.arrows.length < 400 || (this.arrows.length < 3000 && this.scale > 5);
  }

  // After the marks, which have the right of way.
  labelArrows() {
    if (!this.areEndsDrawn()) return;
    for (const arrow of this.arrows) this.labelArrow(arrow);
    // No text hides that a message is lost.
    for (const arrow of this.arrows) {
      if (arrow.fate === 'lost' && !this.fades(arrow.sent)) this.drawArrowEnd(arrow);
    }
  }

  drawArrowEnd(arrow) {
    const { context } = this;
    const { fromX, y, toX, toY, arrives } = this.ends(arrow);
    const colour = context.fillStyle;
    if (arrives) {
      head(context, fromX, y, toX, toY);
      if (arrow.fate !== 'delivered') this.cross(toX - Math.sign(toX - fromX) * 12, toY, 4);
    } else if (arrow.fate === 'lost') {
      this.cross(toX, toY, 5);
    } else if (arrow.fate === 'cut') {
      context.strokeStyle = this.theme.cut;
      context.lineWidth = 3;
      line(context, toX, toY - 7, toX, toY + 7);
    } else {
      context.beginPath();
      context.arc(toX, toY, 2.5, 0, 7);
      context.fill();
    }
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 1.6;
  }

  cross(x, y, size) {
    const { context } = this;
    context.strokeStyle = this.theme.bad;
    context.lineWidth = 2;
    line(context, x - size, y - size, x + size, y + size);
    line(context, x - size, y + size, x + size, y - size);
  }

  // Beside the sender, above the line; once for all receivers on one side.
  labelArrow(arrow) {
    if (arrow.copy) return;
    const { fromX, y, toX } = this.ends(arrow);
    const right = toX > fromX;
    if (y < -9 || y > this.height + 9 || !this.areLinesHigh()) return;
    const text = this.shorten(brief(arrow.sent.text), this.spacing - 28);
    const x = fromX + (right ? 11 : -11);
    const above = y - (this.model.byTime ? 8 : 6);
    if (!this.claim(text, x, above, right ? 'left' : 'right')) return;
    this.context.globalAlpha = this.fades(arrow.sent) ? 0.12 : 1;
    this.write(text, x, above, this.colourOf(arrow.word), right ? 'left' : 'right');
    this.context.globalAlpha = 1;
  }

  // --- Marks -------------------------------------------------------------------------------------

  fades(moment) {
    const { filter } = this.model;
    if (filter.rounds !== null && !this.model.concerns(moment)) return true;
    return filter.text !== '' && !this.model.matches(moment);
  }

  drawMarks() {
    const small = !this.model.byTime && this.scale < 4;
    for (const moment of this.visible) {
      if (moment.message !== undefined) continue;
      if (small && !isBig(moment.what)) continue;
      this.context.globalAlpha = this.fades(moment) ? 0.15 : 1;
      this.drawMark(moment, this.y(moment.place));
    }
    this.context.globalAlpha = 1;
  }

  drawMark(moment, y) {
    const { theme } = this;
    switch (moment.what) {
      case 'chosen': return this.drawChosen(moment, y);
      case 'violation': return this.drawAcross(moment.text, y, theme.bad, 'bold ', 'bad-band');
      case 'narration': return this.drawAcross(moment.text, y, theme.ink, 'italic ', 'narration');
      case 'fault': return this.drawAcross(moment.text, y, theme.cut, '');
      case 'healed':
      case 'network-fault':
      case 'network-mended': return this.drawNetwork(moment, y);
    }
    if (moment.node === 0) return this.drawAcross(moment.text, y, theme.quiet, '');
    const x = this.x(moment.node);
    const look = markOf(moment, theme);
    drawShape(this.context, look.shape, x, y, look.colour, theme.page);
    if (look.label === null || !this.areLinesHigh()) return undefined;
    const { room } = this.model.laneOf.get(moment.node);
    const text = this.shorten(brief(look.label), look.weight === undefined ? room : room * 0.9);
    if (!this.claim(text, x + 13, y)) return undefined;
    return this.write(text, x + 13, y, look.colour, 'left', look.weight ?? '');
  }

  drawChosen(moment, y) {
    const { context, theme } = this;
    for (const node of moment.nodes) {
      if (!this.model.laneOf.get(node)?.shown) continue;
      drawShape(context, 'disc', this.x(node), y, theme.chosen, theme.page);
    }
    const who = moment.nodes.map((node) => this.model.name(node)).join(' ');
    const text = `${brief(moment.text)}  (${who})`;
    const shown = this.shorten(text, this.right - GUTTER - 40);
    const x = this.x(this.firstLane()) + 13;
    if (!this.claim(shown, x, y)) return;
    this.write(shown, x, y, theme.chosen, 'left', 'bold ', 'chosen-band');
  }

  firstLane() { return this.model.lanes.find((lane) => lane.shown)?.id ?? 0; }

  drawAcross(text, y, colour, weight, ground = 'page') {
    const shown = this.shorten(text, this.right - GUTTER - 10);
    if (!this.claim(shown, GUTTER, y)) return;
    this.write(shown, GUTTER, y, colour, 'left', weight, ground);
  }

  drawNetwork(moment, y) {
    const { context, theme } = this;
    context.strokeStyle = theme.cut;
    context.lineWidth = 1.5;
    context.setLineDash([6, 3]);
    line(context, GUTTER - 8, y, this.right, y);
    context.setLineDash([]);
    const who = moment.nodes.map((node) => this.model.name(node)).join(' ');
    const subject = moment.node === 0 ? '' : `${this.model.name(moment.node)} `;
    const told = moment.what === 'healed' ? ` for ${who}` : `: ${who} on one side`;
    const sides = moment.node === 0 && who !== '' ? told : '';
    this.drawAcross(`${subject}${moment.text}${sides}`, y, theme.cut, 'bold ');
  }

  drawSelection() {
    const { context, theme } = this;
    for (const moment of new Set([this.current, this.hovered])) {
      if (moment === null) continue;
      context.strokeStyle = theme.focus;
      context.lineWidth = 2.5;
      if (moment.message === undefined) {
        const x = moment.node === 0 ? GUTTER - 4 : this.x(moment.node);
        context.beginPath();
        context.arc(x, this.y(moment.place), 9, 0, 7);
        context.stroke();
      } else {
        const { fromX, y, toX, toY } = this.ends(moment.message);
        line(context, fromX, y, toX, toY);
        head(context, fromX, y, toX, toY);
      }
    }
  }

  // --- What is under the pointer -----------------------------------------------------------------

  momentAt(x, y) {
    let best = null;
    let nearest = 9;
    const near = (moment, distance) => {
      if (distance < nearest) {
        nearest = distance;
        best = moment;
      }
    };
    for (const arrow of this.arrows) {
      const ends = this.ends(arrow);
      near(arrow.end ?? arrow.sent, 2 + distanceTo(x, y, ends.fromX, ends.y, ends.toX, ends.toY));
    }
    for (const moment of this.visible) {
      if (moment.message !== undefined) continue;
      const dy = Math.abs(y - this.y(moment.place));
      if (moment.node === 0) {
        near(moment, x < GUTTER - 10 ? Infinity : dy + 3);
        continue;
      }
      const dx = x - this.x(moment.node);
      const beside = dx > 0 && dx < this.model.laneOf.get(moment.node).room ? Math.min(dx, 4) : Math.abs(dx);
      near(moment, Math.hypot(beside, dy));
    }
    return best;
  }
}
