// Before the first paint: the theme that somebody chose earlier. Without a choice the system decides.
try {
  const kept = localStorage.getItem("theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
} catch { /* storage is switched off: the system decides */ }
