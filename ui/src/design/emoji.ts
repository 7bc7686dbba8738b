/** An emoji: what is drawn, and the names it is found by (the first one completes `:name`). */
export type Emoji = { emoji: string; names: readonly string[] };

export type EmojiGroup = "smileys" | "people" | "nature" | "food" | "things" | "symbols";

/** The usual ones. English names as everywhere, German ones beside them. */
const LISTS: Record<EmojiGroup, string> = {
  smileys: `😀 grinning lachen|😃 smiley froh|😄 smile lächeln|😁 grin grinsen|😆 laughing lol|😅 sweat_smile schwitzen|😂 joy freudentränen|🤣 rofl kugeln|🙂 slight_smile|😉 wink zwinkern|😊 blush freundlich|😇 innocent engel|🥰 smiling_hearts verliebt|😍 heart_eyes herzaugen|😘 kiss kuss|😋 yum lecker|😜 tongue zunge|🤪 zany verrückt|🤗 hug umarmung|🤭 giggle kichern|🤫 shush psst|🤔 thinking denken|🫡 salute gruß|😐 neutral|😑 expressionless|😶 no_mouth sprachlos|🙄 eye_roll augenrollen|😏 smirk|😬 grimace|😌 relieved erleichtert|😴 sleeping schlafen|😷 mask krank|🤒 sick fieber|🥳 party feiern|😎 cool sonnenbrille|🤓 nerd|🧐 monocle|😕 confused verwirrt|😟 worried besorgt|😮 open_mouth staunen|😲 astonished erstaunt|😳 flushed rot|🥺 pleading bitte|😢 cry weinen|😭 sob heulen|😱 scream schrei|😤 huff|😠 angry wütend|😡 rage zorn|🤯 mind_blown explodiert|🫠 melting schmelzen|🙃 upside_down|💀 skull totenkopf|👻 ghost gespenst|🤖 robot roboter|💩 poop`,
  people: `👍 thumbsup plus daumen|👎 thumbsdown minus|👌 ok_hand|✌️ victory|🤞 fingers_crossed glück|🤙 call_me|👈 point_left links|👉 point_right rechts|👆 point_up oben|👇 point_down unten|👋 wave winken hallo|🖐️ hand|✋ raised_hand halt|🤚 back_of_hand|👏 clap applaus|🙌 raised_hands hurra|🤝 handshake abgemacht|🙏 pray danke bitte|💪 muscle stark|✍️ writing schreiben|🤷 shrug achsel|🤦 facepalm|🙋 raising_hand melden|💁 tipping_hand|🧑‍💻 technologist computer|👀 eyes augen schauen|🧠 brain gehirn|👶 baby`,
  nature: `🐶 dog hund|🐱 cat katze|🐭 mouse maus|🐰 rabbit hase|🦊 fox fuchs|🐻 bear bär|🐼 panda|🦁 lion löwe|🐸 frog frosch|🐵 monkey affe|🐧 penguin pinguin|🐦 bird vogel|🦉 owl eule|🐝 bee biene|🦋 butterfly schmetterling|🐢 turtle schildkröte|🐙 octopus krake|🐳 whale wal|🌱 seedling keim|🌲 tree baum|🍀 clover klee|🌹 rose|🌻 sunflower sonnenblume|🌞 sun sonne|🌙 moon mond|⭐ star stern|🌈 rainbow regenbogen|⛈️ storm gewitter|❄️ snow schnee|🔥 fire feuer`,
  food: `🍎 apple apfel|🍋 lemon zitrone|🍓 strawberry erdbeere|🥑 avocado|🥐 croissant|🍞 bread brot|🧀 cheese käse|🍕 pizza|🍔 burger|🍟 fries pommes|🍣 sushi|🍜 noodles nudeln|🍰 cake kuchen|🎂 birthday geburtstag|🍪 cookie keks|🍫 chocolate schokolade|☕ coffee kaffee|🍵 tea tee|🍺 beer bier|🍻 beers prost|🍷 wine wein|🥂 cheers anstoßen`,
  things: `🎉 tada konfetti feier|🎁 gift geschenk|🎈 balloon|🏆 trophy pokal|⚽ soccer fußball|🎵 music musik|🎸 guitar gitarre|🎮 game spiel|🎲 dice würfel|🚗 car auto|🚲 bike fahrrad|🚆 train zug|✈️ plane flugzeug|🚀 rocket rakete|🏠 house haus|🏖️ beach strand|⛰️ mountain berg|⏰ alarm wecker|⌛ hourglass sanduhr|📅 calendar kalender|📌 pin|📎 paperclip klammer|📷 camera kamera|📱 phone telefon|💻 laptop|💡 bulb idee lampe|🔑 key schlüssel|🔒 lock schloss|🔨 hammer|📚 books bücher|✏️ pencil stift|💰 money geld|💊 pill tablette`,
  symbols: `❤️ heart herz|🧡 orange_heart|💛 yellow_heart|💚 green_heart|💙 blue_heart|💜 purple_heart|🖤 black_heart|💔 broken_heart|💯 hundred|✨ sparkles funkeln|💥 boom knall|💤 zzz|✅ check haken ja|❌ cross nein|❓ question frage|❗ exclamation ausruf|⚠️ warning warnung|⛔ no_entry|♻️ recycle|➕ plus_sign|🔴 red_circle|🟢 green_circle|🔔 bell glocke|🏁 finish ziel`,
};

export const EMOJI: ReadonlyMap<EmojiGroup, readonly Emoji[]> = new Map(
  (Object.entries(LISTS) as [EmojiGroup, string][]).map(([group, list]) => [
    group,
    list.split("|").map((entry) => {
      const [emoji = "", ...names] = entry.split(" ");
      return { emoji, names };
    }),
  ]),
);

/** Offered first when reacting. */
export const USUAL = ["👍", "❤️", "😂", "😮", "😢", "🎉"] as const;

const ALL = [...EMOJI.values()].flat();

/** Those called like `text`: names that begin with it before those that only contain it. */
export function findEmoji(text: string, most: number): Emoji[] {
  const wanted = text.trim().toLocaleLowerCase().replace(/^:|:$/g, "");
  if (wanted === "") return [];
  const starts = ALL.filter(({ names }) => names.some((name) => name.startsWith(wanted)));
  const contains = ALL.filter((it) => !starts.includes(it) && it.names.some((name) => name.includes(wanted)));
  return [...starts, ...contains].slice(0, most);
}
