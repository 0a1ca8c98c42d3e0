// The sheet that a mask is painted on: the picture, the paint over it, nearer and farther, back and forth.

const SIDE = 2048; // px: the longest side that is painted at
const NEAREST = 16;
const PAINT = "#ff9d3c";

export class Plane {
  constructor(dialog) {
    this.dialog = dialog;
    this.area = dialog.querySelector(".mask-plane");
    this.sheet = dialog.querySelector(".mask-sheet");
    this.image = this.sheet.querySelector("img");
    this.canvas = this.sheet.querySelector("canvas");
    this.ring = dialog.querySelector(".mask-ring");
    this.brush = dialog.querySelector("[name=brush]");
    this.pen = this.canvas.getContext("2d", { willReadFrequently: true });
    this.fingers = new Map();
    this.listen();
  }

  /** Begin over a picture; ``mask`` is what was painted before. */
  async start(picture, mask) {
    this.done = [];
    this.undone = [];
    this.base = null;
    this.image.src = picture;
    await this.image.decode();
    const { naturalWidth: width, naturalHeight: height } = this.image;
    const scale = Math.min(1, SIDE / Math.max(width, height));
    Object.assign(this.canvas, { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) });
    if (mask) {
      const base = Object.assign(new Image(), { src: mask });
      await base.decode();
      this.base = base;
    }
    this.fit();
    this.redraw();
  }

  // -- what is painted

  listen() {
    const { area } = this;
    area.addEventListener("pointerdown", (event) => this.down(event));
    area.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) area.addEventListener(name, (event) => this.up(event));
    area.addEventListener("pointerleave", () => { this.ring.hidden = true; });
    area.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
    }, { passive: false });
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.canvas.width && this.place()).observe(area);
  }

  key(event) {
    const by = { "[": -4, "]": 4 }[event.key];
    if (by) this.brush.value = Number(this.brush.value) + by;
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    event.preventDefault();
    if (event.shiftKey) this.redo();
    else this.undo();
  }

  get erasing() { return this.dialog.querySelector("[name=tool]:checked")?.value === "erase"; }

  /** Half the brush, in px of the window: it grows faster the larger it is. */
  get radius() { return 2 + (Number(this.brush.value) / 100) ** 2 * 140; }

  at({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect(), scale = this.canvas.width / box.width;
    return { x: (clientX - box.left) * scale, y: (clientY - box.top) * scale, scale };
  }

  down(event) {
    this.area.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, event);
    if (this.fingers.size === 2) return this.pinch(); // a second finger moves the sheet instead
    if (event.button > 0 || event.altKey) { this.dragging = event; return; }
    const { x, y, scale } = this.at(event);
    this.stroke = { erase: this.erasing, radius: this.radius * scale, points: [[x, y]] };
    this.done.push(this.stroke);
    this.undone = [];
    this.paint(this.stroke, 0);
    event.preventDefault();
  }

  pinch() {
    if (this.stroke && this.stroke.points.length < 6) { this.done.pop(); this.redraw(); }
    this.stroke = null;
    this.span = this.spread();
  }

  spread() {
    const [a, b] = [...this.fingers.values()];
    return { far: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY), x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2 };
  }

  move(event) {
    this.follow(event);
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, event);
    if (this.span && this.fingers.size === 2) {
      const now = this.spread();
      this.shift(now.x - this.span.x, now.y - this.span.y);
      this.zoom(now.far / this.span.far, now.x, now.y);
      this.span = now;
    } else if (this.dragging) {
      this.shift(event.clientX - this.dragging.clientX, event.clientY - this.dragging.clientY);
      this.dragging = event;
    } else if (this.stroke) {
      const from = this.stroke.points.length - 1;
      for (const part of event.getCoalescedEvents?.() ?? [event]) { const { x, y } = this.at(part); this.stroke.points.push([x, y]); }
      this.paint(this.stroke, from);
    }
  }

  up(event) {
    this.fingers.delete(event.pointerId);
    if (this.fingers.size < 2) this.span = null;
    this.dragging = null;
    if (!this.fingers.size) this.stroke = null;
    this.mark();
  }

  follow(event) {
    const box = this.area.getBoundingClientRect(), size = this.radius * 2;
    this.ring.hidden = event.pointerType === "touch";
    Object.assign(this.ring.style, { width: `${size}px`, height: `${size}px`, left: `${event.clientX - box.left}px`, top: `${event.clientY - box.top}px` });
  }

  /** Put a stroke on the sheet, from one of its points on. */
  paint({ erase, radius, points }, from = 0) {
    const { pen } = this;
    pen.globalCompositeOperation = erase ? "destination-out" : "source-over";
    Object.assign(pen, { lineWidth: radius * 2, lineCap: "round", lineJoin: "round", strokeStyle: PAINT });
    pen.beginPath();
    pen.moveTo(...points[Math.max(0, from)]);
    for (const point of points.slice(from)) pen.lineTo(...point);
    pen.stroke();
  }

  act(what) {
    this.done.push(what);
    this.undone = [];
    this.redraw();
  }

  invert() { this.act("invert"); }
  clear() { this.act("clear"); }
  undo() { if (this.done.length) { this.undone.push(this.done.pop()); this.redraw(); } }
  redo() { if (this.undone.length) { this.done.push(this.undone.pop()); this.redraw(); } }

  redraw() {
    const { pen, canvas: { width, height } } = this;
    const whole = (how) => { pen.globalCompositeOperation = how; pen.fillStyle = PAINT; pen.fillRect(0, 0, width, height); };
    pen.globalCompositeOperation = "source-over";
    pen.clearRect(0, 0, width, height);
    if (this.base) { pen.drawImage(this.base, 0, 0, width, height); whole("source-in"); }
    for (const one of this.done) {
      if (one === "clear") pen.clearRect(0, 0, width, height);
      else if (one === "invert") whole("source-out");
      else this.paint(one);
    }
    this.mark();
  }

  mark() {
    this.dialog.querySelector("[data-do=undo]").disabled = !this.done?.length;
    this.dialog.querySelector("[data-do=redo]").disabled = !this.undone?.length;
  }

  empty() {
    const { data } = this.pen.getImageData(0, 0, this.canvas.width, this.canvas.height);
    for (let i = 3; i < data.length; i += 4) if (data[i]) return false;
    return true;
  }

  /** The mask: white where something was painted, nothing elsewhere. */
  png() {
    const sheet = Object.assign(document.createElement("canvas"), { width: this.canvas.width, height: this.canvas.height });
    const pen = sheet.getContext("2d");
    pen.drawImage(this.canvas, 0, 0);
    pen.globalCompositeOperation = "source-in";
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, sheet.width, sheet.height);
    return new Promise((resolve) => { sheet.toBlob(resolve, "image/png"); });
  }

  // -- where the sheet lies

  fit() {
    Object.assign(this, { near: 1, x: 0, y: 0 });
    this.place();
  }

  in() { this.zoom(1.5); }
  out() { this.zoom(1 / 1.5); }

  shift(x, y) {
    this.x += x;
    this.y += y;
    this.place();
  }

  /** Nearer or farther about a point of the window, else about the middle. */
  zoom(by, clientX, clientY) {
    const box = this.area.getBoundingClientRect(), near = Math.max(1, Math.min(NEAREST, this.near * by)), real = near / this.near;
    const x = (clientX ?? box.left + box.width / 2) - box.left - box.width / 2, y = (clientY ?? box.top + box.height / 2) - box.top - box.height / 2;
    Object.assign(this, { near, x: x - (x - this.x) * real, y: y - (y - this.y) * real });
    this.place();
  }

  place() {
    const { clientWidth: width, clientHeight: height } = this.area;
    const ratio = this.canvas.width / this.canvas.height, wide = Math.min(width, height * ratio);
    const room = [Math.max(0, (wide * this.near - width) / 2), Math.max(0, (wide / ratio * this.near - height) / 2)];
    this.x = Math.max(-room[0], Math.min(room[0], this.x));
    this.y = Math.max(-room[1], Math.min(room[1], this.y));
    Object.assign(this.sheet.style, { width: `${wide}px`, height: `${wide / ratio}px`, transform: `translate(${this.x}px, ${this.y}px) scale(${this.near})` });
  }
}
