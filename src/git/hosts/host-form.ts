/** Forms with files, as the APIs of some hosts take them (multipart/form-data, RFC 7578). */
import { createHash } from 'node:crypto';

export interface FormField {
  name: string;
  /** Bytes are a file. */
  value: string | Uint8Array;
}

export interface Form {
  contentType: string;
  body: Uint8Array;
}

/** Whether servers agree on how to read a name: there is no one way to write these characters into one. */
export function isFormName(name: string): boolean {
  return ![...name].some((character) => character < ' ' || character === '\u007f' || '"\\'.includes(character));
}

/** Every name must be one by `isFormName`. */
export function formOf(fields: readonly FormField[]): Form {
  const hash = createHash('sha256');
  for (const { value } of fields) hash.update(value);
  // What holds its own hash is not found, so no content ends its part.
  const boundary = `headgate-${hash.digest('hex')}`;
  const parts = fields.flatMap(({ name, value }) => {
    const file = typeof value === 'string' ? '' : `; filename="${name.slice(name.lastIndexOf('/') + 1)}"`;
    const type = typeof value === 'string' ? '' : 'Content-Type: application/octet-stream\r\n';
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n${type}\r\n`;
    return [Buffer.from(head), Buffer.from(value), Buffer.from('\r\n')];
  });
  const body = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
  return { contentType: `multipart/form-data; boundary=${boundary}`, body };
}
