// Niceties only: everything works without this file.
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const search = document.getElementById("q");
  if (event.key === "/" && search) {
    event.preventDefault();
    search.focus();
    search.select();
  }
});

// "First page" becomes "Previous page" where the browser knows the way back.
for (const link of document.querySelectorAll("a[data-back]")) {
  if (document.referrer && new URL(document.referrer).origin === location.origin) {
    link.textContent = "Previous page";
    link.addEventListener("click", (event) => {
      event.preventDefault();
      history.back();
    });
  }
}

// On a narrow screen the filters start folded.
if (window.matchMedia("(max-width: 760px)").matches) {
  for (const fold of document.querySelectorAll("details.fold")) fold.open = false;
}
