// htmx would put a style into the page, and compile what it finds in it; the policy allows neither.
window.htmx.config.includeIndicatorStyles = false;
window.htmx.config.allowEval = false;

// Unfold names neither its main part nor its two scrolling regions for a screen reader.
document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("main")?.setAttribute("role", "main");
  document.getElementById("nav-sidebar-apps")?.setAttribute("data-simplebar-aria-label", "Navigation");
});
