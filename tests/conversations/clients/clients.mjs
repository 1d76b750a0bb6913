// Node's clients of the API with their own settings: `node clients.mjs BASE_URL KEY MODEL QUESTION`.
// Prints what each of them made of it, as one JSON object.
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateText, streamText } from "ai";
import OpenAI from "openai";

const [baseURL, apiKey, model, prompt] = process.argv.slice(2);
const embedding = "all-MiniLM-L6-v2";
const official = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const vercel = createOpenAI({ baseURL, apiKey });
const compatible = createOpenAICompatible({ name: "chatbot", baseURL, apiKey });
const messages = [{ role: "user", content: prompt }];

async function gather(parts) {
  let text = "";
  for await (const part of parts) text += part;
  return text;
}

async function* deltas(chunks) {
  for await (const chunk of chunks) yield chunk.choices[0]?.delta?.content ?? "";
}

const ways = {
  openai: async () =>
    (await official.chat.completions.create({ model, messages })).choices[0].message.content,
  openai_stream: async () =>
    gather(deltas(await official.chat.completions.create({ model, messages, stream: true }))),
  openai_helper: async () =>
    (await official.chat.completions.stream({ model, messages }).finalMessage()).content,
  openai_models: async () => (await official.models.list()).data[0].id,
  openai_vectors: async () =>
    (await official.embeddings.create({ model: embedding, input: ["a", "b"] })).data.map(
      (each) => each.embedding.length,
    ),
  vercel: async () =>
    (await generateText({ model: vercel.chat(model), system: "Be brief.", prompt })).text,
  vercel_stream: async () => gather(streamText({ model: vercel.chat(model), prompt }).textStream),
  vercel_stop: async () =>
    (await generateText({ model: vercel.chat(model), prompt, stopSequences: ["is 48213"] })).text,
  vercel_vectors: async () =>
    (await embedMany({ model: vercel.embedding(embedding), values: ["a", "b"] })).embeddings.map(
      (each) => each.length,
    ),
  // Its default is another API than chat completions; the refusal must say which path there is.
  vercel_default: async () =>
    generateText({ model: vercel(model), prompt, maxRetries: 0 }).catch((error) => error.message),
  compatible: async () =>
    (await generateText({ model: compatible(model), system: "Be brief.", prompt })).text,
  compatible_stream: async () =>
    gather(streamText({ model: compatible(model), prompt }).textStream),
  compatible_vectors: async () =>
    (
      await embedMany({ model: compatible.embeddingModel(embedding), values: ["a", "b"] })
    ).embeddings.map((each) => each.length),
};

const told = {};
for (const [name, way] of Object.entries(ways)) {
  told[name] = await way().catch((error) => `failed: ${error.message}`);
}
console.log(JSON.stringify(told));
