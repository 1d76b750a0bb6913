"""Words that say how something is asked, not what about, by language; they also tell the languages
of one script apart. Our own lists: those made for search keep "how" and "many". Pure."""

ENGLISH = frozenset(
    """
        a about above after again all also am an and any are as at be been being but by can could
        did do does doing done for from get give had has have having he her here him his how i if in
        into is it its just know let like many may me might more most much my no not now of on one
        or our out over please say says she should so some such tell than that the their them then
        there these they this those to too under up us was we were what when where which while who
        whom whose why will with would yes you your""".split()
)
_WORDS = {
    "en": """
        offer offers provide sell sells i'm i'd i've it's what's where's is there must need want
        something somebody anything anyone thing things other possible mean means still hello hi
        dear ok okay hmm well happen happens exactly really getting got u ur r
        pls plz im ive dont doesnt didnt havent hasnt
        isnt arent wasnt wont cant couldnt wouldnt shouldnt whats wheres hows whos whens theres thats
        youve youre theyre cos coz abt lets cannot gonna wanna quite""",
    "de": """
        wann oft ab bieten bietet anbieten verkauft verkaufen gegen lassen lässt aber alle als
        also am an auch auf aus bei beim bin bis bist da dann das dass dein dem den der des die
        dies diese diesem diesen dieser dieses doch du durch ein eine einem einen einer eines er
        es euch euer für gibt habe haben hat hier ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im
        in ist ja kann kannst können kein keine man mein meine meinem meinen meiner mich mir mit
        muss müssen möchte nach nicht noch nur ob oder ohne sein seine sich sie sind so soll
        sollte über um und uns unser unsere unter vom von vor war warum was welche welchem welchen
        welcher welches wem wen wenn wer werde werden weshalb wie wieder wieso wir wird wo wofür
        womit worden wurde zu zum zur bitte bekomme bekommen darf dürfen etwas mal mehr viel viele
        sehr geht lauten lautet finde bedeutet heißt steht stehen gilt""",
    "es": """
        ofrecen venden vende hacemos aceptan a al algo algún alguna alguno ante antes como cómo
        con cual cuál cuales cuáles cuando cuándo cuanto cuánto cuanta cuánta cuantos cuántos
        cuantas cuántas de del desde donde dónde e el él ella ellas ellos en entre era es esa ese
        eso esta está están estas este esto estos fue ha hace hacer hacen hago hay hasta la las le
        les lo los más me mi mis mucho muy necesito ni no nos o os otra otro para pero poder por
        porque pregunta puede pueden puedo que qué quien quién quiero se ser si sí sin sobre son
        soy su sus también te tengo tener tiene tienen tu tus tú un una unas uno unos usted
        ustedes y ya yo favor da dan debo hacerme llevarme""",
    "fr": """
        vendez proposez vend à ai as au aucun aussi autre aux avec avez avoir c'est ce ceci cela
        ces cet cette combien comme comment d'un d'une dans de des donc dont du elle elles en est
        est-ce et été être eux faire fait faut ici il ils j'ai je la le les leur leurs lui ma mais
        me mes moi mon ne nos notre nous on ont ou où par pas peut peux plus pour pourquoi pouvez
        puis-je qu'est-ce quand que quel quelle quelles quels qui quoi sa sans se ses si son sont
        sur ta te tes toi ton tu un une vos votre vous y-a-t-il avez-vous peut-on y a-t-il dois
        doit""",
    "pt": """
        a ao aos as até com como da das de dela dele do dos e é ela elas ele eles em entre era
        essa esse esta está estão este eu foi há isso isto já lhe mais mas me meu meus minha
        minhas muito na não nas nem no nos nossa nosso o onde os ou para pela pelo pode podem por
        porque posso qual quais quando quanto quanta quantos quantas que quem se sem ser seu seus
        sua suas são também tem têm tenho um uma umas uns você vocês fazer quero preciso""",
    "id": """
        ada adalah agar akan anda apa apakah atau bagaimana bagi bahwa berapa bisa boleh dan dapat
        dari dengan di dia hanya harus ini itu jika juga kami kamu kapan karena ke kita lagi mana
        mereka mengapa oleh pada saat saya sebagai siapa sudah tidak untuk yang tentang""",
    "ru": """
        а без бы был была были было быть в вам вас ваш ваша ваши во вот все всё вы где да для до
        его ее её если есть еще ещё же за и из или им их к как какая какие какой какую когда кто
        ли мне можно мой мы на над нас наш не него нет но ну о об он она они от по под при с
        сколько со так также там то тоже только тут ты у уже хочу что чтобы это этот эта эти я""",
    "zh": """
        的 了 吗 呢 吧 是 在 我 你 您 们 他 她 有 和 与 也 都 很 请 问 多少 什么 怎么 哪里 哪些 几
        可以 能 会 要 想""",
    "hi": """
        और का की के को में से पर है हैं था थे थी यह वह ये वे कि क्या कैसे कब कहाँ कौन कितना कितने
        कितनी मैं हम आप मेरा मेरी मेरे आपका आपकी आपके नहीं हाँ भी तो ही कर करें करना करते सकता
        सकते सकती लिए एक या जो अगर""",
    "ar": """
        في من على إلى الى عن مع هل ما ماذا متى أين اين كيف كم لماذا من هو هي هم أنا انا نحن أنت
        انت هذا هذه ذلك تلك التي الذي أن ان إن لا نعم أو او و ثم قد كان كانت يكون لدي لديكم يمكن
        يمكنني أريد اريد عند كل بعد قبل""",
    "bn": """
        এবং ও আর কি কী কে কোন কোথায় কখন কিভাবে কীভাবে কত কেন আমি আমার আমাকে আপনি আপনার আপনারা
        তুমি এই এটা এটি সেই তা হয় হবে আছে নেই না হ্যাঁ থেকে জন্য সাথে করে করতে পারি পারেন একটি
        যদি বা""",
    "ur": """
        اور کا کی کے کو میں سے پر ہے ہیں تھا تھے تھی یہ وہ کہ کیا کیسے کب کہاں کون کتنا کتنے کتنی
        ہم آپ میرا میری میرے نہیں ہاں بھی تو ہی کر کریں کرنا سکتا سکتے سکتی لیے ایک یا جو اگر""",
    "fa": """
        و در به از که این آن را با برای است هست هستم هستید هستند بود شد می شود می‌شود میشود آیا چه
        چی چیست کیست کجا کجاست کی چند چقدر چگونه چطور چرا کدام من ما شما او آنها ها های یک یا تا
        هم نیز اگر اما ولی دارد دارم دارید دارند کرد کند کنم کنید کنند کرده شده باید باشد بر هر
        لطفا لطفاً خواهم می‌خواهم هایی نیست بله نه می‌توانم میتوانم""",
}  # fmt: skip
STOP_WORDS = {
    language: frozenset(words.split()) | (ENGLISH if language == "en" else frozenset())
    for language, words in _WORDS.items()
}
