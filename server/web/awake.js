// Keeping the screen on while something is sent, where the browser can: a phone that sleeps stops sending.

/** Keep awake until the returned function is called. A browser that cannot, or may not, is left as it is. */
export function keepAwake() {
  let lock = null;
  let over = false;
  const take = async () => {
    if (over || document.visibilityState !== "visible") return;
    try {
      lock = await navigator.wakeLock?.request("screen");
    } catch {
      return; // no power to spare, or not allowed
    }
    if (over) lock?.release();
  };
  // The browser lets go of it whenever the page is hidden.
  document.addEventListener("visibilitychange", take);
  take();
  return () => {
    over = true;
    document.removeEventListener("visibilitychange", take);
    lock?.release();
  };
}
