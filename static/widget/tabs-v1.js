/* The same chat in other tabs of this browser. `on` has said(data), what one of them tells, and moved(),
   when what is kept has changed. */
export function joinTabs(name, on) {
  let channel;
  try {
    channel = new BroadcastChannel(name);
  } catch {
    // A browser that refuses to keep anything may refuse this as well.
    return { tell() {}, leave() {} };
  }
  const kept = ({ key }) => key === name && on.moved();
  channel.onmessage = ({ data }) => on.said(data);
  addEventListener("storage", kept);
  return {
    tell: (data) => channel.postMessage(data),
    leave() {
      channel.close();
      removeEventListener("storage", kept);
    },
  };
}
