// Keys and small comforts; every page works without this file and what it imports.
import "./forms.js";
import "./keys.js";
import "./highlights.js";
import "./screening.js";
import "./why.js";
import "./coding.js";

document.documentElement.classList.add("scripted");
