import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Assembly } from '../../cli/synthesize-into.ts';

interface Manifest {
  files: Record<string, { source: { path: string }; destinations: Record<string, { objectKey: string }> }>;
}
interface Template {
  Resources: Record<
    string,
    { Properties?: { Code?: { S3Key?: string }; Environment?: { Variables?: Record<string, unknown> } } }
  >;
}

/**
 * Writes an assembly `into` a new folder with other code for one model's prediction function, as if somebody had changed
 * the handler and synthesized: `wrapper` is a CommonJS module that finds the real one as `./real.js`.
 */
export async function withPredictCode(
  { directory, stage }: Assembly,
  change: { model: string; wrapper: string; into: string },
): Promise<Assembly> {
  const { model, wrapper, into } = change;
  await cp(directory, into, { recursive: true });
  const folder = join(into, `assembly-${stage}`);
  const files = await readdir(folder);
  const name = files.find((file) => file.startsWith(`${stage}${model}`) && file.endsWith('.template.json')) ?? '';
  const [templateFile, manifestFile] = [join(folder, name), join(folder, name.replace('.template.', '.assets.'))];
  const template = JSON.parse(await readFile(templateFile, 'utf8')) as Template;
  const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as Manifest;
  const code = Object.values(template.Resources).find(
    ({ Properties }) => Properties?.Environment?.Variables?.POWERTOOLS_SERVICE_NAME === 'predict',
  )?.Properties?.Code;
  const known = manifest.files[code?.S3Key?.replace('.zip', '') ?? ''];
  if (!code || !known) throw new Error(`There is no prediction function of ${model} in ${templateFile}`);

  const hash = createHash('sha256').update(known.source.path).update(wrapper).digest('hex');
  const asset = join(into, `asset.${hash}`);
  await mkdir(asset);
  await cp(join(folder, known.source.path, 'index.js'), join(asset, 'real.js'));
  await writeFile(join(asset, 'index.js'), wrapper);
  code.S3Key = `${hash}.zip`;
  manifest.files[hash] = {
    source: { ...known.source, path: `../asset.${hash}` },
    destinations: Object.fromEntries(
      Object.entries(known.destinations).map(([id, to]) => [id, { ...to, objectKey: `${hash}.zip` }]),
    ),
  };
  await writeFile(templateFile, JSON.stringify(template));
  await writeFile(manifestFile, JSON.stringify(manifest));
  return { directory: into, stage };
}
