/** True: .NET's `DateTime.MinValue`, which a program writes where no time was ever set. */
export const isUnsetTime = (text: string): boolean =>
  /^(?:0001-01-01|01\/01\/0001)(?:[T ]00:00(?::00(?:[.,]0+)?)?(?: ?(?:Z|[+-]\d{2}(?::?\d{2})?))?)?$/.test(
    text,
  );
