// @ts-check
// Improves the pages if JavaScript runs. Nothing depends on it.

/** Times without a kitchen's clock are shown on the reader's own. */
function localise(/** @type {ParentNode} */ root) {
  for (const time of root.querySelectorAll('time[data-local]')) {
    const at = new Date(time.getAttribute('datetime') ?? '');
    const language = time.getAttribute('data-local') ?? 'en';
    time.textContent = new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'medium' }).format(
      at,
    );
  }
}

/** One box ticks all boxes of the list, and shows how many they are. */
function tickAll(/** @type {ParentNode} */ root) {
  for (const all of root.querySelectorAll('input[data-tick-all]')) {
    if (!(all instanceof HTMLInputElement)) continue;
    all.hidden = false;
    all.addEventListener('change', () => {
      for (const box of document.querySelectorAll(
        `input[type=checkbox][name="${all.dataset['tickAll'] ?? ''}"]`,
      )) {
        if (box instanceof HTMLInputElement) box.checked = all.checked;
      }
    });
  }
}

/** Scrolls a navigation bar sideways until its current entry is visible. */
for (const current of document.querySelectorAll('nav [aria-current]'))
  current.scrollIntoView({ block: 'nearest', inline: 'center' });

/** An action that cannot be undone needs a second click. */
document.addEventListener('submit', (event) => {
  const button = event instanceof SubmitEvent ? event.submitter : null;
  const question = button?.getAttribute('data-confirm');
  if (question && !window.confirm(question)) event.preventDefault();
});

document.addEventListener('htmx:load', (event) => {
  if (event.target instanceof Element) localise(event.target);
});
localise(document);
tickAll(document);
