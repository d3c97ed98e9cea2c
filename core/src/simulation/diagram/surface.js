// What a picture is drawn on: its measures, its colours, and the places that texts take.

const GUTTER = 96;
const OVERVIEW_LANE = 9;
const READABLE = 22;  // Pixels of a line.
const FONT = '12px system-ui, "DejaVu Sans", sans-serif';

class Surface {
  constructor(model, canvas, overview) {
    this.model = model;
    this.canvas = canvas;
    this.overview = overview;
    this.context = canvas.getContext('2d');
    this.top = 0;      // The place at the upper edge.
    this.scale = READABLE;  // Pixels for each place.
    this.hovered = null;
    this.current = null;
    this.widths = new Map();
    this.readTheme();
  }

  readTheme() {
    const style = getComputedStyle(document.documentElement);
    this.theme = new Proxy({}, {
      get: (known, name) => known[name] ??= style.getPropertyValue(`--${name}`).trim(),
    });
    this.dark = this.theme.page !== '' && parseInt(this.theme.page.slice(1, 3), 16) < 0x80;
  }

  colourOf(kind) { return (KIND_COLOURS[kind] ?? OTHER_COLOUR)[this.dark ? 1 : 0]; }

  // --- Measures ----------------------------------------------------------------------------------

  resize(width, height) {
    this.width = width;
    this.height = height;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.placeLanes();
    this.resizeOverview(ratio);
  }

  overviewWidth() {
    if (this.isPicture) return 12;
    return Math.min(90, this.model.lanes.length * OVERVIEW_LANE + 10);
  }

  resizeOverview(ratio) {
    const width = this.overviewWidth();
    this.overview.width = Math.round(width * ratio);
    this.overview.height = Math.round(this.height * ratio);
    this.overview.style.width = `${width}px`;
    this.overview.style.height = `${this.height}px`;
    this.overview.getContext('2d').setTransform(ratio, 0, 0, ratio, 0, 0);
    this.overviewPicture = null;
  }

  placeLanes() {
    const lanes = this.model.lanes.filter((lane) => lane.shown);
    const room = this.width - GUTTER - this.overviewWidth();
    this.spacing = Math.min(420, room / Math.max(1, lanes.length));
    lanes.forEach((lane, k) => { lane.x = GUTTER + this.spacing * (k + 0.32); });
    // Hidden lanes keep their buttons, behind the others.
    this.right = GUTTER + this.spacing * lanes.length;
    for (const lane of lanes) {
      lane.room = Math.min(lane.x + this.spacing, this.right) - lane.x - 20;
    }
  }

  y(place) { return (place - this.top + (this.model.byTime ? 0 : 0.5)) * this.scale; }
  placeAt(y) { return y / this.scale + this.top - (this.model.byTime ? 0 : 0.5); }
  x(id) { return this.model.laneOf.get(id)?.x ?? GUTTER; }

  clamp() {
    const least = this.height / this.model.extent;
    const pad = 40 / this.scale;
    this.scale = Math.max(Math.min(least, READABLE), Math.min(this.scale, this.mostScale()));
    const lowest = this.model.extent - this.height / this.scale + pad;
    this.top = Math.max(-pad / 3, Math.min(this.top, lowest));
  }

  mostScale() { return this.model.byTime ? 10 : 80; }

  fits(text, room) { return this.widthOf(text) <= room; }

  widthOf(text) {
    let width = this.widths.get(text);
    if (width === undefined) {
      if (this.widths.size > 20000) this.widths.clear();
      width = this.context.measureText(text).width;
      this.widths.set(text, width);
    }
    return width;
  }

  shorten(text, room) {
    if (this.fits(text, room)) return text;
    let low = 0;
    let high = Math.min(text.length, Math.ceil(room / 3));
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.context.measureText(text.slice(0, middle) + '…').width <= room) low = middle;
      else high = middle - 1;
    }
    return low < 2 ? '' : text.slice(0, low) + '…';
  }

  // --- Texts ---------------------------------------------------------------------------------------

  areLinesHigh() { return this.model.byTime || this.scale >= 10; }

  // Takes the place of a text; false where another one stands there.
  claim(text, x, y, align = 'left') {
    if (text === '') return false;
    const width = this.widthOf(text) * 1.06;  // Bold ones are wider.
    const left = align === 'right' ? x - width : x;
    const bounds = { left, right: left + width, y };
    // The same words for several receivers have one place.
    const clash = this.taken.some((each) => {
      return Math.abs(each.y - y) < 11 && each.left < bounds.right && bounds.left < each.right;
    });
    if (!clash) this.taken.push(bounds);
    return !clash;
  }

  write(text, x, y, colour, align = 'left', weight = '', ground = 'page') {
    const { context } = this;
    context.font = weight + FONT;
    context.textAlign = align;
    if (ground !== '') {
      const width = context.measureText(text).width + 4;
      const alpha = context.globalAlpha;
      context.globalAlpha = alpha * 0.86;
      context.fillStyle = this.theme[ground];
      context.fillRect(align === 'right' ? x - width + 2 : x - 2, y - 7, width, 13);
      context.globalAlpha = alpha;
    }
    context.fillStyle = colour;
    context.fillText(text, x, y);
    context.font = FONT;
    context.textAlign = 'left';
  }
}
