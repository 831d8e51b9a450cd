/** The solution went away in the middle of its upload. Nobody is left to read an answer. */
export class UploadAborted extends Error {
  constructor() {
    super('the upload was cut off');
    this.name = 'UploadAborted';
  }
}
