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
import "./report.js";
import "./card.js";
import "./labels.js";
import "./recent.js";
import "./room.js";
import "./swipe.js";
import "./preview.js";
import "./list_rows.js";
import "./list.js";
import "./conflicts.js";
import "./coding.js";
import "./field_keys.js";
import "./fields.js";
import "./suggestions.js";
import "./map.js";

// On a phone the text comes first: what folds is folded.
if (matchMedia("(max-width: 1000px)").matches)
  for (const folding of document.querySelectorAll("details[data-fold]")) folding.open = false;

// The reading page finds its fonts in the browser's store, whichever page was the first.
for (const weight of [400, 600]) document.fonts.load(`${weight} 16px "Source Serif Pro"`);
