// SPDX-License-Identifier: Apache-2.0
// Reactions: the API names an emoji as chat programs do (":heart:"), a page shows the character. The first are those one can choose
// here; the rest are those that other clients are likely to have chosen. Unknown ones are shown by name.

const SKIN = /::skin-tone-([2-6]):?$/;
const CHARACTERS = {
  '+1': '👍', heart: '❤️', joy: '😂', tada: '🎉', eyes: '👀', fire: '🔥', rocket: '🚀', '-1': '👎',
  thumbsup: '👍', thumbsdown: '👎', smile: '😄', grinning: '😀', laughing: '😆', wink: '😉', heart_eyes: '😍', thinking_face: '🤔', cry: '😢', sob: '😭',
  clap: '👏', pray: '🙏', wave: '👋', ok_hand: '👌', muscle: '💪', raised_hands: '🙌', point_up: '☝️', star: '⭐', sparkles: '✨', bulb: '💡',
  white_check_mark: '✅', x: '❌', question: '❓', exclamation: '❗', warning: '⚠️', 100: '💯', bug: '🐛', art: '🎨', broken_heart: '💔', coffee: '☕',
};

export const CHOICES = ['+1', 'heart', 'joy', 'tada', 'eyes', 'fire', 'rocket', '-1'].map((name) => `:${name}:`);

export function characterOf(emoji) {
  const skin = SKIN.exec(emoji);
  const name = emoji.replace(SKIN, ':').replace(/^:|:$/g, '');
  const character = CHARACTERS[name];
  if (!character) return emoji;
  return skin ? character + String.fromCodePoint(0x1f3fb + Number(skin[1]) - 2) : character;
}

/** "heart", "heart eyes": as it is read out. */
export const nameOf = (emoji) => emoji.replace(SKIN, '').replace(/:/g, '').replace(/_/g, ' ');
