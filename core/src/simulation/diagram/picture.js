// The drawing as one picture, to be saved.

const PICTURE_HEIGHT_MAX = 12_000;
const PICTURE_HEADER = 34;

// All of a short run, or what is seen of a long one, with the names of the nodes on top.
function pictureOf(page, width) {
  const { model } = page;
  const whole = !model.byTime && model.extent * READABLE < PICTURE_HEIGHT_MAX;
  const canvas = document.createElement('canvas');
  const drawing = new Drawing(model, canvas, document.createElement('canvas'));
  drawing.isPicture = true;
  if (!whole) {
    drawing.top = page.drawing.top;
    drawing.scale = page.drawing.scale;
  }
  drawing.resize(width, whole ? model.extent * READABLE + 16 : page.drawing.height);
  drawing.draw();
  const picture = withNames(drawing);
  page.drawing.placeLanes();  // The lanes have one place at a time.
  return picture;
}

function withNames(drawing) {
  const ratio = drawing.canvas.width / drawing.width;
  const picture = document.createElement('canvas');
  picture.width = drawing.canvas.width;
  picture.height = drawing.canvas.height + PICTURE_HEADER * ratio;
  const context = picture.getContext('2d');
  context.fillStyle = drawing.theme.page;
  context.fillRect(0, 0, picture.width, picture.height);
  context.drawImage(drawing.canvas, 0, PICTURE_HEADER * ratio);
  context.scale(ratio, ratio);
  context.fillStyle = drawing.theme.ink;
  context.font = `bold 15px ${FONT.slice(5)}`;
  context.textAlign = 'center';
  for (const lane of drawing.model.lanes) {
    if (lane.shown) context.fillText(lane.name, lane.x, 22);
  }
  return picture;
}
