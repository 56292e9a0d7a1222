// Before anything is drawn: what only a script can do is shown, so that nothing moves later.
document.documentElement.classList.add("scripted");
