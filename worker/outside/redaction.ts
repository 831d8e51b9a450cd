/** Makes texts that people may read: no secret, in whatever form it came, and no more than so many characters. */
export type Redact = (text: string) => string;

const keptCharacters = 4_000;
/** A secret that would be cut in two here is far behind what is kept. */
const lookedAtCharacters = 65_536;
/** Shorter ones are words that stand everywhere: replacing them would hide nothing and spoil all. */
const shortestSecret = 4;

/** `hiddenForm`: what is a secret by its form, whatever it is; it needs the flag `g`. */
export function createRedaction(secrets: readonly string[], hiddenForm?: RegExp): Redact {
  const forms = secrets.filter((secret) => secret.length >= shortestSecret).flatMap(formsOf);
  // The longest first: one secret may be a part of another.
  const hidden = [...new Set(forms)].sort((one, other) => other.length - one.length);
  return (text) => {
    let shown = text.slice(0, lookedAtCharacters);
    if (hiddenForm !== undefined) shown = shown.replaceAll(hiddenForm, '…');
    for (const form of hidden) shown = shown.replaceAll(form, '…');
    return shown.length > keptCharacters ? `${shown.slice(0, keptCharacters)}…` : shown;
  };
}

/** As it is, in a URL, in JSON, and as servers like to give it back: in base64. */
const formsOf = (secret: string): readonly string[] => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString('base64'),
];
