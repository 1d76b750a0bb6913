/* One visitor's connection: opens the session, keeps it alive, comes back after a loss.
   `opening()` gives the members of session.start. `on` has ready(frame), frame(frame),
   refused(frame) → "again" (start anew on this socket), "wait" (later) or "end", and
   state("open" | "connecting" | "offline").

   Where no socket comes through, requests stand in for it (`requests-v1.js`). */
const PING_EVERY = 25_000;
const ANSWER_WITHIN = 8_000;
const LONGEST_WAIT = 20_000;
/* A socket that is not open by then is not waited for. */
const OPEN_WITHIN = 3500;

export class Connection {
  constructor(url, opening, on) {
    Object.assign(this, { url, opening, on, tries: 0, isReady: false });
    this.network = () => (navigator.onLine ? this.wake() : this.on.state("offline"));
    addEventListener("online", this.network);
    addEventListener("offline", this.network);
    this.connect();
  }

  connect() {
    clearTimeout(this.timer);
    this.drop();
    this.on.state(navigator.onLine ? "connecting" : "offline");
    const Socket = this.other || WebSocket;
    const url = this.other ? this.url.replace("ws", "http").replace("/ws/", "/sse/") : this.url;
    const socket = (this.socket = new Socket(url));
    const wait = (time) => {
      clearTimeout(this.deadline);
      if (!this.isProven) this.deadline = setTimeout(() => this.lost(), time);
    };
    wait(OPEN_WITHIN);
    socket.onopen = () => {
      wait(ANSWER_WITHIN);
      this.begin();
    };
    socket.onmessage = (event) => this.socket === socket && this.receive(JSON.parse(event.data));
    socket.onclose = () => this.socket === socket && this.lost();
  }

  begin() {
    this.write({ type: "session.start", ...this.opening() });
  }

  receive(frame) {
    clearTimeout(this.deadline);
    // Whatever it says, it comes through.
    this.isProven = true;
    if (frame.type === "session.ready") {
      this.isReady = true;
      this.tries = 0;
      this.heart ??= setInterval(() => this.ping(), PING_EVERY);
      this.on.state("open");
      this.on.ready(frame);
    } else if (frame.type === "error" && frame.ref === "session.start") {
      const next = this.on.refused(frame);
      if (next === "again") this.begin();
      if (next === "end") this.end();
    } else {
      this.on.frame(frame);
    }
  }

  /* A socket may be dead without either side knowing; then closing it would wait as well. */
  ping() {
    this.write({ type: "ping" });
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.lost(), ANSWER_WITHIN);
  }

  lost() {
    this.drop();
    // Until one of both has brought anything, they take turns.
    if (!this.isProven && navigator.onLine) return this.change();
    return this.again();
  }

  async change() {
    const { RequestSocket } = this.other ? {} : await import("./requests-v1.js").catch(() => ({}));
    this.other = RequestSocket;
    if (this.isOver) return;
    if (this.other) this.connect();
    else this.again();
  }

  again() {
    this.on.state(navigator.onLine ? "connecting" : "offline");
    const longest = Math.min(LONGEST_WAIT, 400 * 2 ** this.tries++);
    this.timer = setTimeout(() => this.connect(), longest * (0.5 + Math.random() / 2));
  }

  /* The network is back: an open socket has to prove itself, a closed one is opened now. */
  wake() {
    if (!this.isReady) return this.connect();
    this.on.state("open");
    return this.ping();
  }

  send(frame) {
    if (this.isReady) this.write(frame);
    return this.isReady;
  }

  write(frame) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  drop() {
    clearTimeout(this.deadline);
    clearInterval(this.heart);
    this.heart = null;
    this.isReady = false;
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  end() {
    this.isOver = true;
    clearTimeout(this.timer);
    removeEventListener("online", this.network);
    removeEventListener("offline", this.network);
    this.drop();
  }
}
