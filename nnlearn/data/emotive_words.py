"""Words of feeling, each good or bad, in families that grew from one stem. Ours, by hand."""

from functools import cache

import numpy as np

# A family a line: good words, then bad ones after the bar.
_FAMILIES = """
love loved lovely loving lovable beloved | unloved loveless unlovely
joy joyful joyfully joyous enjoy enjoyed enjoyable enjoyment rejoice | joyless
happy happier happily happiness | unhappy unhappily unhappiness
delight delighted delightful delightfully |
wonder wonderful wonderfully wondrous |
beauty beautiful beautifully beautify |
care caring careful carefully | careless carelessly uncaring
hope hoped hopeful hopefully hoping | hopeless hopelessly hopelessness
help helped helper helpful helpfully helping | helpless helplessly unhelpful
thank thanked thankful thankfully thanks | thankless
grace graceful gracefully gracious | disgrace disgraced disgraceful graceless
peace peaceful peacefully peaceable |
success successful successfully succeed | unsuccessful
win winner winning wins |
brave bravely bravery braver |
brilliant brilliance brilliantly |
bright brighten brighter brightly brightness |
calm calmed calming calmly calmness |
charm charmed charming charmingly | charmless
cheer cheered cheerful cheerfully cheery | cheerless
clean cleaned cleaner cleanly | unclean
clever cleverly cleverness cleverer |
comfort comfortable comfortably comforted comforting | discomfort uncomfortable uncomfortably
confident confidence confidently |
courage courageous courageously encourage encouraged encouraging | discourage discouraged discouraging
create created creative creativity |
elegant elegance elegantly | inelegant
excellent excel excellence excellently |
excite excited excitement exciting |
fair fairly fairness fairer | unfair unfairly unfairness
faith faithful faithfully | faithless unfaithful
favour favourable favourably favoured favourite | unfavourable
free freed freedom freely |
fresh fresher freshly freshness |
friend friendly friends friendship befriend | unfriendly friendless
fun funnier funny |
generous generosity generously | ungenerous
gentle gentleness gently gentler |
glad gladden gladly gladness |
glory glorious gloriously glorify | inglorious
good goodness |
great greater greatest greatly greatness |
heal healed healing health healthy healthier | unhealthy
honest honestly honesty | dishonest dishonestly dishonesty
honour honourable honourably honoured | dishonour dishonourable
humour humorous humorously | humourless
improve improved improvement improving |
inspire inspired inspiring inspiration | uninspired uninspiring
intelligent intelligence intelligently | unintelligent
interest interested interesting | uninteresting
kind kindly kindness kinder | unkind unkindly unkindness
laugh laughed laughing laughter |
like liked likeable | dislike disliked unlikeable
loyal loyally loyalty | disloyal disloyalty
luck luckily lucky luckier | luckless unlucky unluckily
magic magical magically |
marvel marvelled marvellous marvellously |
mercy merciful mercifully | merciless mercilessly
nice nicely nicer nicest |
optimist optimism optimistic |
perfect perfection perfectly | imperfect imperfection
play played playful playfully |
please pleased pleasing pleasant pleasantly pleasure | displease displeased unpleasant
praise praised praiseworthy praising |
pretty prettier prettily |
proud proudly prouder pride |
pure purely purer purify | impure
reliable reliability reliably rely | unreliable
respect respected respectful respectfully | disrespect disrespectful
reward rewarded rewarding rewards | unrewarding
rich riches richer richly enrich |
safe safely safer safety | unsafe
satisfy satisfied satisfying satisfaction | dissatisfied unsatisfying dissatisfaction
sincere sincerely sincerity | insincere
skill skilful skilfully skilled | unskilled
smile smiled smiling smiles |
smooth smoothly smoother |
splendid splendidly splendour |
strong stronger strongly strength strengthen |
support supported supporter supportive | unsupported
sweet sweeten sweetly sweetness sweeter |
talent talented talents | untalented
tender tenderly tenderness |
thrill thrilled thrilling |
treasure treasured treasures |
triumph triumphant triumphantly |
trust trusted trusting trustworthy | distrust mistrust untrustworthy
useful usefully usefulness | useless uselessly
warm warmed warmer warmly warmth |
welcome welcomed welcoming | unwelcome
wise wisdom wisely wiser | unwise unwisely
worthy worth worthwhile | unworthy worthless
| abuse abused abuser abusive
| afraid fright frighten frightened frightening
| aggression aggressive aggressively
| agony agonise agonising
| anger angered angrily angry
| annoy annoyance annoyed annoying
fearless fearlessly | fear feared fearful fearfully fearing
| anxious anxiety anxiously
| ashamed shame shameful shamefully
| awful awfully awfulness
| bad badly badness
| betray betrayal betrayed
| bitter bitterly bitterness
| blame blamed blaming
blameless faultless flawless harmless harmlessly | fault faulty flaw flawed harm harmed harmful
| bore bored boredom boring
| break broke broken breakdown
| brutal brutality brutally brute
| chaos chaotic chaotically
| cheat cheated cheater cheating
| clumsy clumsily clumsiness
| cold coldly coldness
| complain complained complaint
| confuse confused confusing confusion
| corrupt corrupted corruption
| coward cowardice cowardly
| crazy craze crazily
| crime criminal criminally
| cruel cruelly cruelty crueller
| cry cried crying
| damage damaged damages damaging
| danger dangerous dangerously endanger
| dark darken darker darkness
| dead deadly death die
| deceive deceit deceitful deceived deception
| defeat defeated defeatist
| depress depressed depressing depression
| despair despaired desperate desperately
| destroy destroyed destroyer destruction destructive
| dirty dirt dirtier
| disaster disastrous disastrously
| disgust disgusted disgusting
| dismal dismally
| doubt doubted doubtful
doubtless painless painlessly | pain pained painful painfully
| dread dreaded dreadful dreadfully
| dull duller dullness dully
| enemy enemies enmity
| envy envious enviously
| evil evildoer evils
| fail failed failing failure
| false falsehood falsely falsify
| fool foolish foolishly foolishness
| gloom gloomily gloomy
| greed greedily greedy
| grief grieve grieved grievous
| guilt guiltily guilty
guiltless |
| hate hated hateful hatred
| horrible horribly horrid horrify horror
| hostile hostility
| hurt hurtful hurting
| ignorant ignorance ignore ignored
| insult insulted insulting
| jealous jealously jealousy
| kill killed killer killing
| lazy lazily laziness
| lie liar lied lying
| lonely loneliness lonesome
| lose loser losing loss lost
| mad madden maddening madness
| mean meaner meanness
| mess messed messy
| misery miserable miserably
| mistake mistaken mistakenly
| monster monstrous monstrously
| murder murdered murderer murderous
| nasty nastily nastiness
| neglect neglected neglectful
| nervous nervously nervousness
| noise noisily noisy
noiseless |
| offend offence offended offensive
| panic panicked panicking
| poison poisoned poisonous
| poor poorer poorly poverty
| problem problematic problems
| punish punished punishment
| regret regretful regretted
| rude rudely rudeness
| ruin ruined ruinous
| sad sadden sadder sadly sadness
| scare scared scary
| selfish selfishly selfishness
unselfish selfless selflessly |
| sick sicken sickening sickness
| sorrow sorrowful sorry
| stress stressed stressful
| stupid stupidity stupidly
| suffer suffered suffering
| terrible terribly terrify terror
| threat threaten threatened threatening
tireless tirelessly | tired tiresome tiring
| tragic tragedy tragically
| trouble troubled troublesome
| ugly uglier ugliness
| violent violence violently
| waste wasted wasteful
| weak weaken weaker weakly weakness
| wicked wickedly wickedness
| worry worried worrying worse worst
| wound wounded wounding
| wrong wronged wrongful wrongly
"""


@cache
def _rows() -> tuple[tuple[str, int, int], ...]:
    rows = []
    for family, line in enumerate(_FAMILIES.strip().splitlines()):
        good, _, bad = line.partition("|")
        rows += [(word, 1, family) for word in good.split()] + [(word, 0, family) for word in bad.split()]
    return tuple(rows)


def feelings() -> tuple[list[str], np.ndarray, np.ndarray]:
    """English words of feeling: the words, 1 for good or 0 for bad, and the number of each word's family.

    Words of a family have a stem in common (care, careful, careless); most families are of one kind, and
    in some a prefix or an ending turns the meaning round. Written by hand for this course: a judgement, not
    a measurement.
    """
    words, good, family = zip(*_rows(), strict=True)
    return list(words), np.array(good), np.array(family)
