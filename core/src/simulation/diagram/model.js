'use strict';
// What happened, as values: reads the timeline, joins the two ends of each message, finds out how
// long each state lasted, and gives every event that is shown its place on the axis.

const MESSAGE_ENDS = new Set(['delivered', 'lost', 'cut', 'nobody-there', 'refused']);
// Events that share the line of the one before them.
const WITHOUT_LINE = new Set(['lost', 'cut', 'duplicated']);

// Groups of events that can be switched off together; what is in none is always shown.
const GROUPS = [
  { name: 'votes', title: 'Promises and acceptances, durable', what: ['promised', 'accepted', 'writing'] },
  { name: 'other records', title: 'Whatever else becomes durable', what: ['durable'] },
  { name: 'chosen', title: 'What a quorum holds durably', what: ['chosen'] },
  { name: 'applied', title: 'What state machines see', what: ['applied', 'skipped', 'installed'] },
  { name: 'standing', title: 'What nodes take themselves for',
    what: ['standing', 'participation', 'mandate', 'mandate-lost'] },
  { name: 'clients', title: 'Appends and reads, and their answers',
    what: ['append-asked', 'append-answered', 'append-failed', 'read-asked', 'read-answered',
           'read-failed'] },
  { name: 'faults', title: 'Faults that strike, and where they are over', what: ['fault', 'healed'] },
  { name: 'notes', title: 'Anything else', what: ['note', 'disk-mended'] },
];
const GROUP_OF = new Map(GROUPS.flatMap((group) => group.what.map((what) => [what, group.name])));

function readMoment(row, strings, index) {
  return {
    index, at: row[0], what: strings[row[1]], node: row[2], peer: row[3], number: row[4],
    word: strings[row[5]], text: strings[row[6]], first: row[7],
    last: row[8] < 0 ? Infinity : row[8], coord: strings[row[9]], nodes: row.slice(10),
  };
}

class Model {
  constructor(source) {
    this.title = source.title;
    this.subtitle = source.subtitle;
    this.leftOut = source.leftOut;
    this.firstDrawn = source.firstDrawn;
    this.lanes = source.nodes.map((node, place) => ({ ...node, place, shown: true }));
    this.laneOf = new Map(this.lanes.map((lane) => [lane.id, lane]));
    const read = (row, index) => readMoment(row, source.strings, index);
    this.before = source.before.map(read);
    this.moments = source.moments.map(read);
    this.joinMessages();
    this.joinWrites();
    this.findSpans();
    this.violations = this.moments.filter((moment) => moment.what === 'violation');
    for (const each of this.violations) {
      each.rounds = [...each.text.matchAll(/\br(\d+)\b/g)].map((found) => Number(found[1]));
    }
    this.kinds = [...new Set(this.messages.map((message) => message.word))];
    this.groups = GROUPS.filter((group) => {
      return this.moments.some((moment) => group.what.includes(moment.what));
    });
    this.filter = { kinds: new Set(), groups: new Set(), rounds: null, only: false, text: '' };
    this.byTime = false;
    this.layOut();
  }

  name(id) { return this.laneOf.get(id)?.name ?? String(id); }

  // A message that is duplicated gives two arrows from one beginning.
  joinMessages() {
    this.messages = [];
    const sent = new Map();
    const open = (moment) => {
      const message = { sent: moment, end: null, fate: 'under way', copy: false, from: moment.node,
                        to: moment.peer, word: moment.word };
      this.messages.push(message);
      moment.message = message;
      return message;
    };
    for (const moment of this.moments) {
      if (moment.what === 'sent') {
        sent.set(moment.number, open(moment));
      } else if (MESSAGE_ENDS.has(moment.what)) {
        let message = sent.get(moment.number);
        if (message === undefined) continue;  // It was sent before the picture begins.
        if (message.end !== null) {
          message = open(message.sent);
          message.copy = true;
        }
        message.end = moment;
        message.fate = moment.what;
        moment.message = message;
      }
    }
  }

  // A vote that is durable within a few events is not worth a line of its own before.
  joinWrites() {
    const waiting = new Map();
    for (const moment of this.moments) {
      const key = `${moment.node} ${moment.text}`;
      if (moment.what === 'writing') {
        waiting.set(key, moment);
      } else if (moment.what === 'promised' || moment.what === 'accepted') {
        const begun = waiting.get(key);
        if (begun !== undefined && moment.index - begun.index < 8) begun.soon = true;
        waiting.delete(key);
      }
    }
  }

  // From which event to which a node was down, paused or leading, and the network cut.
  findSpans() {
    this.spans = [];
    this.cuts = [];
    const running = new Map();
    const end = (key, moment) => {
      const span = running.get(key);
      if (span !== undefined) span.to = moment.index;
      running.delete(key);
    };
    const isRunning = (key) => running.has(key);
    const begin = (list, key, moment, kind, early) => {
      end(key, moment);
      const span = { kind, node: moment.node, from: early ? -1 : moment.index, to: Infinity,
                     text: moment.text, nodes: moment.nodes };
      running.set(key, span);
      list.push(span);
    };
    this.findAbsent(begin);
    for (const [early, list] of [[true, this.before], [false, this.moments]]) {
      for (const moment of list) this.changeSpan(moment, early, begin, end, isRunning);
    }
  }

  // Who starts later than others was not there before: a spare, or a founder that is late.
  findAbsent(begin) {
    const begun = new Set(this.before.map((moment) => moment.node));
    const all = this.before.concat(this.moments);
    for (const moment of all) {
      if (moment.what !== 'starts' || begun.has(moment.node)) continue;
      begun.add(moment.node);
      if (moment.at > all[0].at) begin(this.spans, `life ${moment.node}`, moment, 'absent', true);
    }
  }

  changeSpan(moment, early, begin, end, running) {
    const { node, what } = moment;
    switch (what) {
      case 'starts':
        end(`life ${node}`, moment);
        break;
      case 'crashes': case 'wiped': case 'stops':
        for (const key of ['standing', 'participation', 'pause']) end(`${key} ${node}`, moment);
        begin(this.spans, `life ${node}`, moment, 'down', early);
        break;
      case 'retires':
        for (const key of ['standing', 'participation', 'pause']) end(`${key} ${node}`, moment);
        begin(this.spans, `life ${node}`, moment, 'gone', early);
        break;
      case 'pauses':
        begin(this.spans, `pause ${node}`, moment, 'paused', early);
        break;
      case 'resumes':
        end(`pause ${node}`, moment);
        break;
      case 'standing':
        end(`standing ${node}`, moment);
        if (moment.word === 'leading') {
          begin(this.spans, `standing ${node}`, moment, 'leading', early);
        }
        break;
      case 'participation':
        end(`participation ${node}`, moment);
        if (moment.word === 'passive') {
          begin(this.spans, `participation ${node}`, moment, 'passive', early);
        }
        break;
      case 'network-fault':
        begin(this.cuts, 'network', moment, 'cut', early);
        break;
      case 'network-mended':
        end('network', moment);
        break;
      case 'healed': {
        if (!running('network')) break;
        const rest = this.lanes.map((lane) => lane.id).filter((id) => !moment.nodes.includes(id));
        end('network', moment);
        if (rest.length > 0) begin(this.cuts, 'network', { ...moment, nodes: rest }, 'cut', early);
        break;
      }
    }
  }

  // --- Filter ------------------------------------------------------------------------------------

  concerns(moment) {
    const rounds = this.filter.rounds;
    if (rounds === null) return true;
    if (moment.what === 'violation') {
      return moment.rounds.length === 0 ||
             moment.rounds.some((round) => round >= rounds.first && round <= rounds.last);
    }
    // What concerns no round (a crash, say) is of interest for each.
    if (moment.first === 0) return moment.message === undefined;
    return moment.first <= rounds.last && moment.last >= rounds.first;
  }

  matches(moment) {
    const text = this.filter.text;
    if (text === '') return false;
    const name = moment.node === 0 ? '' : this.name(moment.node);
    return `${name} ${moment.what} ${moment.text} ${moment.message?.sent.text ?? ''}`
      .toLowerCase().includes(text);
  }

  // Switched on, and not faded away where only some rounds are wanted.
  isShown(moment) {
    const message = moment.message;
    if (message !== undefined) {
      if (this.filter.kinds.has(message.word)) return false;
      if (!this.laneOf.get(message.from)?.shown || !this.laneOf.get(message.to)?.shown) return false;
      if (this.filter.only && !this.concerns(message.sent)) return false;
      return true;
    }
    if (moment.what === 'sent' || MESSAGE_ENDS.has(moment.what)) return false;
    if (moment.node !== 0 && !this.laneOf.get(moment.node)?.shown) return false;
    if (this.filter.groups.has(GROUP_OF.get(moment.what))) return false;
    return !this.filter.only || this.concerns(moment);
  }

  // --- Places ------------------------------------------------------------------------------------

  // Gives each moment its place: a line number, or its time. `shown` has those that are drawn.
  layOut() {
    this.shown = [];
    let line = -1;
    let previous = null;
    const start = this.moments.length > 0 ? this.moments[0].at : 0;
    for (const moment of this.moments) {
      if (this.isShown(moment)) {
        const follows = WITHOUT_LINE.has(moment.what) || moment.soon === true;
        if (previous === null || (!follows && !sharesLine(previous, moment))) ++line;
        if (!follows) previous = moment;
        this.shown.push(moment);
      }
      moment.line = Math.max(line, 0);
      moment.place = this.byTime ? moment.at - start : moment.line;
    }
    this.lines = line + 1;
    this.start = start;
    const last = this.moments[this.moments.length - 1];
    this.extent = this.byTime ? Math.max(1, last.at - start) : Math.max(1, this.lines);
    this.arrows = this.messages.filter((message) => this.isShown(message.sent));
    this.indexArrows();
  }

  // latest[k]: how far down the arrows up to the k-th reach.
  indexArrows() {
    this.latest = new Float64Array(this.arrows.length);
    let latest = -1;
    this.arrows.forEach((arrow, k) => {
      latest = Math.max(latest, arrow.end === null ? arrow.sent.place : arrow.end.place);
      this.latest[k] = latest;
    });
  }

  // The place of the moment with this index, and of what lies before and after all of them.
  placeOf(index) {
    if (index < 0) return -1;
    return index >= this.moments.length ? this.extent : this.moments[index].place;
  }

  arrowsBetween(top, bottom) {
    const found = [];
    const margin = this.byTime ? 0 : 2;
    for (let k = lowerBound(this.latest, top - margin); k < this.arrows.length; ++k) {
      const arrow = this.arrows[k];
      if (arrow.sent.place > bottom) break;
      const end = arrow.end === null ? arrow.sent.place : arrow.end.place;
      if (end >= top - margin) found.push(arrow);
    }
    return found;
  }

  shownBetween(top, bottom) {
    const places = { length: this.shown.length, at: (i) => this.shown[i].place };
    const first = lowerBound(places, top);
    let last = first;
    while (last < this.shown.length && this.shown[last].place <= bottom) ++last;
    return this.shown.slice(first, last);
  }

  time(at) {
    const last = this.moments.length > 0 ? this.moments[this.moments.length - 1].at : 0;
    if (last - this.start < 10e6) return `${(at / 1000).toFixed(at % 1000 === 0 ? 0 : 3)} ms`;
    return `${(at / 1e6).toFixed(6)} s`;
  }

  // A sentence or two on one moment, for a person.
  describe(moment) {
    const parts = [];
    const message = moment.message;
    if (message === undefined) {
      parts.push(moment.node === 0 ? moment.text : `${this.name(moment.node)}: ${moment.text}`);
      if (moment.what === 'writing') parts.push('on its way to the disk: counts for nobody yet');
      if (moment.nodes.length > 0) {
        const who = moment.nodes.map((id) => this.name(id)).join(' ');
        parts.push(moment.what === 'chosen' ? `by the durable votes of ${who}` : `nodes: ${who}`);
      }
      parts.push(this.time(moment.at));
      return parts;
    }
    parts.push(`${this.name(message.from)} → ${this.name(message.to)}: ${message.sent.text}`);
    parts.push(fateOf(message));
    parts.push(`sent ${this.time(message.sent.at)}`);
    if (message.end !== null && message.end.at !== message.sent.at) {
      parts.push(`ends ${this.time(message.end.at)}`);
    }
    return parts;
  }
}

// What one node says to many stands in one line, and so do starts of many at once.
function sharesLine(previous, moment) {
  if (moment.what !== previous.what || moment.text !== previous.text) return false;
  if (moment.what === 'sent') return moment.node === previous.node;
  return moment.what === 'starts' && moment.at === previous.at && moment.node !== previous.node;
}

function fateOf(message) {
  const copy = message.copy ? 'a copy, ' : '';
  switch (message.fate) {
    case 'delivered': return `${copy}delivered`;
    case 'lost': return 'lost on the way';
    case 'cut': return 'cut off: the network does not lead there';
    case 'nobody-there': return `${copy}arrives where nobody listens`;
    case 'refused': return `${copy}refused by the receiver`;
    default: return 'still under way at the end';
  }
}

// The first place in an ascending list that is not below `value`.
function lowerBound(list, value) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = Array.isArray(list) || ArrayBuffer.isView(list) ? list[middle] : list.at(middle);
    if (found < value) low = middle + 1; else high = middle;
  }
  return low;
}
