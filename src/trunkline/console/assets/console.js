// What the browser does by itself: "/" leads to the search box, and a session that ended leads to the sign-in page.
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable=true]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
  const box = document.querySelector("[data-search] input, input[data-search], input[type=search]");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select?.();
});

const look = setInterval(() => {
  if (!window.socket) return;
  clearInterval(look);
  window.socket.on("connect_error", async () => {
    const answer = await fetch("/session", { headers: { accept: "application/json" } }).catch(() => null);
    if (answer?.status === 401) location.assign("/sign-in?ended");
  });
}, 100);
