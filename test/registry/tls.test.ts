import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { LabError } from '../../src/base/errors.ts';
import { trustedCertificates } from '../../src/registry/certificates.ts';
import { isInsecure } from '../../src/registry/hosts.ts';
import { HttpTransport } from '../../src/registry/http.ts';
import { must, run } from '../helpers/shell.ts';

const hasOpenssl = (await run('openssl', ['version'])).status === 0;
const options = { skip: hasOpenssl ? false : 'needs openssl' };

/** A server with a certificate that nobody has signed; `pem` is it. */
async function withServer(body: (url: URL, pem: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(`${tmpdir()}/tlab-tls-`);
  const [key, cert] = [`${directory}/key`, `${directory}/cert`];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  try {
    await must('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject]);
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, response) =>
      response.end('ok'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = new URL(`https://localhost:${(server.address() as AddressInfo).port}/`);
      await body(url, readFileSync(cert, 'utf8'));
    } finally {
      server.closeAllConnections();
      server.close();
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function statusOf(transport: HttpTransport, url: URL): Promise<number> {
  try {
    const { status, body } = await transport.request({ url });
    body.resume();
    return status;
  } finally {
    transport.close();
  }
}

test('a certificate that nobody known has signed is refused, and the hint says what to do', options, () =>
  withServer(async (url) => {
    const transport = new HttpTransport({
      verify: true,
      certificates: () => trustedCertificates('localhost', '/nonexistent'),
    });
    await assert.rejects(statusOf(transport, url), (error) => {
      assert.ok(error instanceof LabError);
      assert.equal(error.kind, 'unavailable');
      assert.match(error.message, /no trusted TLS connection \(\w*SELF_SIGNED\w*\)/);
      assert.match(error.hint ?? '', /insecure-registries/);
      return true;
    });
  }),
);

test('it is accepted for an insecure registry, and when certs.d names it for this host', options, () =>
  withServer(async (url, pem) => {
    assert.equal(await statusOf(new HttpTransport({ verify: false }), url), 200);
    const folder = mkdtempSync(`${tmpdir()}/tlab-certs-`);
    try {
      mkdirSync(`${folder}/${url.host}`);
      writeFileSync(`${folder}/${url.host}/ca.crt`, pem);
      const trusting = new HttpTransport({ verify: true, certificates: () => trustedCertificates(url.host, folder) });
      assert.equal(await statusOf(trusting, url), 200);
      const other = new HttpTransport({ verify: true, certificates: () => trustedCertificates('other:1', folder) });
      await assert.rejects(statusOf(other, url), /no trusted TLS/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }),
);

test('this host is insecure by nature, others only by configuration', () => {
  for (const domain of ['localhost', 'localhost:5000', '127.0.0.1', '127.1.2.3:80', '[::1]:5000']) {
    assert.equal(isInsecure(domain, {}), true, domain);
  }
  const insecure = ['reg.example:5000', '10.0.0.0/8', 'plain.example'];
  assert.equal(isInsecure('reg.example:5000', { insecure }), true);
  assert.equal(isInsecure('reg.example:5001', { insecure }), false);
  assert.equal(isInsecure('10.1.2.3:5000', { insecure }), true);
  assert.equal(isInsecure('11.1.2.3', { insecure }), false);
  assert.equal(isInsecure('plain.example:99', { insecure }), true);
  assert.equal(isInsecure('docker.io', { insecure }), false);
});
