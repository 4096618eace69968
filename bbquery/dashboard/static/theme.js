// Before anything is drawn, so that no light page flashes up in the dark: "light", "dark", or what the system says.
(function () {
  var kept = null;
  try {
    kept = localStorage.getItem("bbquery-theme");
  } catch (error) {
    // a file or a private window may have no storage
  }
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
})();
