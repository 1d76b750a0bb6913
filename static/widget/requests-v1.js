/* What stands in for a WebSocket where a network lets none through: each frame goes out with a request that
   opens the session anew, and the answer comes as its response. To the connection it is a socket. */
const HEARD_WITHIN = 40_000;

export class RequestSocket {
  readyState = WebSocket.CONNECTING;
  opening = null;
  requests = new Set();

  constructor(url) {
    this.url = url;
    queueMicrotask(() => {
      if (this.readyState !== WebSocket.CONNECTING) return;
      this.readyState = WebSocket.OPEN;
      this.onopen();
    });
  }

  send(text) {
    const frame = JSON.parse(text);
    if (frame.type === "session.start") {
      this.opening = frame;
      this.post([frame], true);
    } else if (frame.type === "ping") this.post([frame], true);
    else this.post([this.opening, frame], false);
  }

  /* `tells`: whether the session that it opens is told of. */
  async post(frames, tells) {
    const control = new AbortController();
    const last = frames.at(-1).type;
    let isWhole = !["turn.create", "turn.resume"].includes(last);
    let timer;
    const isHeard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => control.abort(), HEARD_WITHIN);
    };
    this.requests.add(control);
    try {
      isHeard();
      const response = await fetch(this.url, {
        method: "POST", body: frames.map((frame) => JSON.stringify(frame)).join("\n"), signal: control.signal,
        // No preflight: a proxy that blocks sockets knows such requests.
        // A thumb is given even by who leaves the page with it.
        keepalive: last === "feedback.create", headers: { "Content-Type": "text/plain" }, credentials: "omit", cache: "no-store", referrerPolicy: "origin",
      });
      if (response.status === 400 || response.status === 413) {
        // Sent again it would be refused again.
        isWhole = true;
        this.onmessage({ data: JSON.stringify({ type: "error", code: "invalid_request", ref: frames.at(-1).client_turn_id }) });
      } else if (!response.ok) throw new Error(response.status);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = "", read; !(read = await reader.read()).done;) {
        isHeard();
        const parts = (rest + read.value).split("\n\n");
        rest = parts.pop();
        for (const part of parts) {
          if (!part.startsWith("data: ")) continue;
          const text = part.slice(6);
          const { type, ref, code } = JSON.parse(text);
          isWhole ||= ["turn.completed", "turn.failed", "turn.snapshot", "error"].includes(type);
          // As a socket is closed that was refused its session.
          if (ref === "session.start" && code !== "not_found") isWhole = false;
          this.heard(type, text, tells);
        }
      }
    } catch {
      isWhole = false;
    }
    clearTimeout(timer);
    this.requests.delete(control);
    // An answer that breaks off is asked for again, as after a lost socket.
    if (!isWhole) this.lose();
  }

  heard(type, text, tells) {
    if (this.readyState !== WebSocket.OPEN) return;
    if (type === "session.ready") {
      const { visitor_token, conversation_id } = JSON.parse(text);
      // A proof of who somebody is may end before the chat does: the token stands for the same visitor.
      this.opening = { ...this.opening, visitor_token, conversation_id, identity_jwt: undefined };
      if (!tells) return;
    }
    this.onmessage({ data: text });
  }

  lose() {
    if (this.readyState === WebSocket.CLOSED) return;
    this.close();
    this.onclose();
  }

  close() {
    this.readyState = WebSocket.CLOSED;
    for (const control of this.requests) control.abort();
  }
}
