// How kinds of messages and of events look.

// Light and dark, by kind. Questions are strong, their answers lighter.
const KIND_COLOURS = {
  'prepare': ['#6a3fb5', '#b28dff'], 'promise': ['#9b7bd4', '#8d72cc'],
  'propose': ['#c25400', '#ff9a4d'], 'acceptance': ['#e08a3c', '#cf7f3a'],
  'commit': ['#17894a', '#4cc581'],
  'conflict': ['#c81e2b', '#ff6b74'], 'abstention': ['#b0476a', '#e07a9d'],
  'rejection': ['#9c2f2f', '#d66'],
  'fetch': ['#0b7285', '#4fc3d9'], 'entries': ['#3a9fb0', '#3a97a8'],
  'snapshot-request': ['#0b6b5d', '#3fbfae'], 'snapshot-chunk': ['#3f9f91', '#379588'],
  'read-query': ['#1d5fbf', '#74a9ff'], 'read-answer': ['#5b8fd9', '#5a86cc'],
  'leadership-request': ['#7a6a00', '#cdbb3f'],
};
const OTHER_COLOUR = ['#5f6b7a', '#a3adba'];

function line(context, fromX, fromY, toX, toY) {
  context.beginPath();
  context.moveTo(fromX, fromY);
  context.lineTo(toX, toY);
  context.stroke();
}

function head(context, fromX, fromY, toX, toY) {
  const angle = Math.atan2(toY - fromY, toX - fromX);
  context.beginPath();
  context.moveTo(toX, toY);
  context.lineTo(toX - 9 * Math.cos(angle - 0.36), toY - 9 * Math.sin(angle - 0.36));
  context.lineTo(toX - 9 * Math.cos(angle + 0.36), toY - 9 * Math.sin(angle + 0.36));
  context.fill();
}

function distanceTo(x, y, fromX, fromY, toX, toY) {
  const dx = toX - fromX;
  const dy = toY - fromY;
  const length = dx * dx + dy * dy || 1;
  const share = Math.max(0, Math.min(1, ((x - fromX) * dx + (y - fromY) * dy) / length));
  return Math.hypot(x - fromX - share * dx, y - fromY - share * dy);
}

// Long numbers are cut short in the picture; who points at it reads them in full.
function brief(text) { return text.replace(/\b0{6,}(?=[0-9a-f])/g, ''); }

// Also where lines are too thin for anything else.
function isBig(what) {
  return ['crashes', 'wiped', 'stops', 'starts', 'violation', 'network-fault', 'network-mended',
          'fault', 'healed', 'retires', 'disk-fault', 'mandate'].includes(what);
}

// How an event on a lane looks, and what stands beside it.
function markOf(moment, theme) {
  const label = moment.text;
  switch (moment.what) {
    case 'promised': return { shape: 'diamond', colour: theme.lead, label };
    case 'accepted': return { shape: 'disc', colour: theme.vote, label, weight: '600 ' };
    case 'writing': {
      const waits = moment.soon === true ? null : `${label}: not durable yet`;
      return { shape: 'ring', colour: theme.vote, label: waits, weight: 'italic ' };
    }
    case 'durable': return { shape: 'dot', colour: theme.quiet, label };
    case 'applied': return { shape: 'square', colour: theme.chosen, label };
    case 'skipped':
    case 'installed': return { shape: 'square', colour: theme.quiet, label };
    case 'mandate': return { shape: 'star', colour: theme.lead, label, weight: 'bold ' };
    case 'mandate-lost':
    case 'standing':
    case 'participation':
      return { shape: 'dot', colour: theme.lead, label: label.replace('->', '→') };
    case 'starts': return { shape: 'play', colour: theme.ink, label, weight: 'bold ' };
    case 'pauses': return { shape: 'pause', colour: theme.quiet, label };
    case 'resumes': return { shape: 'play', colour: theme.quiet, label };
    case 'retires': return { shape: 'cross', colour: theme.quiet, label };
    case 'disk-mended': return { shape: 'disk', colour: theme.quiet, label };
    case 'crashes':
    case 'stops': return { shape: 'cross', colour: theme.bad, label, weight: 'bold ' };
    case 'wiped':
    case 'disk-fault': return { shape: 'disk', colour: theme.bad, label, weight: 'bold ' };
    case 'append-asked':
    case 'read-asked': return { shape: 'client', colour: theme.client, label };
    case 'append-answered':
    case 'read-answered': return { shape: 'client', colour: theme.chosen, label };
    case 'append-failed':
    case 'read-failed': return { shape: 'client', colour: theme.bad, label };
    default: return { shape: 'dot', colour: theme.quiet, label };
  }
}

function polygon(context, points) {
  context.beginPath();
  points.forEach(([x, y], k) => (k === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  context.closePath();
  context.fill();
  context.stroke();
}

function circle(context, x, y, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 7);
  context.fill();
  context.stroke();
}

function drawShape(context, shape, x, y, colour, page) {
  context.fillStyle = shape === 'ring' ? page : colour;
  context.strokeStyle = shape === 'ring' ? colour : page;
  context.lineWidth = shape === 'ring' ? 1.8 : 1.2;
  switch (shape) {
    case 'disc': circle(context, x, y, 6.5); break;
    case 'ring': circle(context, x, y, 4.5); break;
    case 'dot': circle(context, x, y, 3); break;
    case 'diamond': polygon(context, [[x, y - 7.5], [x + 7.5, y], [x, y + 7.5], [x - 7.5, y]]); break;
    case 'square': polygon(context, [[x - 5, y - 5], [x + 5, y - 5], [x + 5, y + 5], [x - 5, y + 5]]);
      break;
    case 'play': polygon(context, [[x - 6, y - 7], [x + 7, y], [x - 6, y + 7]]); break;
    case 'client': polygon(context, [[x - 9, y - 5], [x - 9, y + 5], [x - 1, y]]); break;
    case 'star': {
      const points = [];
      for (let k = 0; k < 10; ++k) {
        const radius = k % 2 === 0 ? 9 : 4;
        const angle = Math.PI * (k / 5 - 0.5);
        points.push([x + radius * Math.cos(angle), y + radius * Math.sin(angle)]);
      }
      polygon(context, points);
      break;
    }
    case 'pause':
      context.fillRect(x - 6, y - 6, 4, 12);
      context.fillRect(x + 2, y - 6, 4, 12);
      break;
    case 'disk':
      circle(context, x, y, 8);
      context.fillStyle = page;
      context.fillRect(x - 5, y - 1.5, 10, 3);
      break;
    case 'cross':
      context.strokeStyle = page;
      for (const width of [7, 3.5]) {
        context.lineWidth = width;
        line(context, x - 6, y - 6, x + 6, y + 6);
        line(context, x - 6, y + 6, x + 6, y - 6);
        context.strokeStyle = colour;
      }
      break;
  }
}
