// What stands beside the picture: times on the left, the whole run in a strip on the right.

class Margins extends Surface {
  drawTimes() {
    const { context, theme, model } = this;
    context.fillStyle = theme.page;
    context.globalAlpha = 0.85;
    context.fillRect(0, 0, GUTTER - 12, this.height);
    context.globalAlpha = 1;
    if (model.byTime) return this.drawScale();
    let last = -100;
    let shown = '';
    for (const moment of this.visible) {
      const y = this.y(moment.place);
      const text = model.time(moment.at);
      if (y - last < 14 || text === shown || y < -10) continue;
      this.writeTime(text, y);
      last = y;
      shown = text;
    }
    return undefined;
  }

  writeTime(text, y) {
    const { context } = this;
    context.font = '11px system-ui, sans-serif';
    context.textAlign = 'right';
    context.fillStyle = this.theme.quiet;
    context.fillText(text, GUTTER - 14, y);
    context.textAlign = 'left';
    context.font = FONT;
  }

  drawScale() {
    const rough = 60 / this.scale;
    const ten = 10 ** Math.floor(Math.log10(rough));
    const step = Math.max(1, [1, 2, 5, 10].find((factor) => factor * ten >= rough) * ten);
    const first = Math.max(0, Math.ceil(this.top / step) * step);
    for (let place = first; place <= this.placeAt(this.height); place += step) {
      this.writeTime(this.model.time(place + this.model.start), this.y(place));
    }
  }

  drawOverview() {
    const context = this.overview.getContext('2d');
    const width = this.overviewWidth();
    this.overviewPicture ??= this.paintOverview(width);
    context.clearRect(0, 0, width, this.height);
    context.drawImage(this.overviewPicture, 0, 0, width, this.height);
    const all = this.model.extent;
    const y = this.top / all * this.height;
    const height = Math.max(6, this.height / this.scale / all * this.height);
    context.strokeStyle = this.theme.focus;
    context.lineWidth = 2;
    context.strokeRect(1, y + 1, width - 2, Math.min(height, this.height - y) - 2);
  }

  // The whole run in a strip: who led, who was down, where it went wrong.
  paintOverview(width) {
    const picture = document.createElement('canvas');
    picture.width = width;
    picture.height = Math.max(1, Math.round(this.height));
    const context = picture.getContext('2d');
    const { model, theme } = this;
    const y = (place) => Math.max(0, Math.min(1, place / model.extent)) * this.height;
    context.fillStyle = theme.panel;
    context.fillRect(0, 0, width, this.height);
    const colours = { leading: theme.lead, down: theme.bad, passive: theme.down,
                      paused: theme.paused };
    for (const span of [...model.cuts, ...model.spans]) {
      const from = y(model.placeOf(span.from));
      const height = Math.max(1, y(model.placeOf(span.to)) - from);
      context.fillStyle = colours[span.kind] ?? theme.cut;
      context.globalAlpha = span.kind === 'cut' ? 0.35 : 1;
      if (span.kind === 'cut') context.fillRect(0, from, width, height);
      else context.fillRect(5 + (model.laneOf.get(span.node)?.place ?? 0) * OVERVIEW_LANE, from,
                            OVERVIEW_LANE - 2, height);
    }
    context.globalAlpha = 1;
    context.fillStyle = theme.bad;
    for (const moment of model.violations) {
      context.fillRect(0, Math.min(this.height - 4, y(moment.place) - 2), width, 4);
    }
    return picture;
  }
}
