// Keys and small comforts; every page works without this file and what it imports.
import "./store.js";
import "./queue.js";
import "./session.js";
import "./outbox.js";
import "./saving.js";
import "./drafts.js";
import "./forms.js";
import "./own_keys.js";
import "./keys.js";
import "./highlights.js";
import "./why.js";
import "./terms.js";
import "./stock.js";
import "./card.js";
import "./labels.js";
import "./recent.js";
import "./room.js";
import "./swipe.js";
import "./preview.js";
import "./list.js";
import "./conflicts.js";
import "./coding.js";
import "./fields.js";

document.documentElement.classList.add("scripted");
