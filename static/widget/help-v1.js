/* What whoever made the page is told in the console. Loaded when there is something to tell. */
const LINES = {
  origin: () => `this page may not use the chatbot. Add ${location.origin} to its allowed origins: in the dashboard, Chatbots, its settings`,
  fight: () => "something on this page takes the widget away again and again, so it stays away. “shutdown” is the way to end it",
  policy: (...missing) => `this page's Content-Security-Policy blocks the chat. Add to the policy: ${missing.join(" ")}`,
};

export const explain = (about, ...details) => console.warn(`chatbot: ${LINES[about](...details)}.`);
