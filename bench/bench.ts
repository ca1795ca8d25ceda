import { measureReaction } from './reaction.ts';
console.log(JSON.stringify(await measureReaction({ samples: Number(process.argv[2] ?? 20), canaries: 20 }), null, 2));
