"""What strangers ask a small organisation about, in several languages, so that a price is found whether
it is asked for with "cost", "kostet" or "cuánto". Pure.

A concept is named by words and, some of them, proved by a value: a sum, a time, an address. Words are in
folded form; one with a star stands for all that begin so, one with blanks is a phrase.
"""

import re
from functools import lru_cache

from conversations.text.spelling import fold, written_words

_WORDS = {
    "price": """
        cost costs price* pricing quid bucks fee fees charge charges expensive cheap* fare rate rates
        kosten kostet preis* gebuhr* teuer billig* honorar cuesta cuestan costar precio* vale valen
        tarifa* prix coute coutent tarif tarifs gratuit* custa custam preco* цена цены стоит
        стоимость сколько biaya harga قیمت بها بهای هزینه چقدر سعر تکلفه قیمت کرایه 多少 少钱 价格
        费用 कीमत दाम মূল্য দাম
        """,
    "hours": """
        open opens opening hours close closes closing closed offnungszeit* geoffnet sprechzeit*
        sprechstunde* schliess* offnet offnen geschlossen horario* abre abren abierto* abierta
        cierra cierran cerrado cerrada ouvert* ouvre ferme fermes horaires aberto aberta fechado
        часы открыт* закрыт* работает работы buka tutup باز تعطیل ساعت مفتوح یفتح ساعات 营业 开门
        关门 时间 खुल* বন্ধ খোলা
        """,
    "phone": """
        phone phones telephone telephon* tel call ring hotline telefon telefonnummer rufnummer
        anruf* rufe rufen telefonisch telefono llamar telefone ligar телефон* позвонить telepon
        تلفن تماس هاتف فون 电话 फोन फ़ोन ফোন
        """,
    "email": """
        email emails e-mail mail correo courriel mel почта surel ایمیل رایانامه برید 邮箱 邮件
        ईमेल ইমেইল
        """,
    "address": """
        address addresses located location adresse anschrift direccion domicilio ubicacion
        endereco адрес alamat آدرس نشانی کجاست کجا عنوان پته 地址 在哪 哪里 पता ঠিকানা
        """,
    "weight": """
        heavy heavier heaviest lighter lightest weigh weight weights weighs
        schwer gewicht* wiegt pesa peso pesan poids pese вес
        весит berat وزن 重量 多重 वजन ওজন
        """,
    "cancel": """
        cancel* terminat* unsubscrib* kundig* stornier* absag* cancelar anular cancelacion resili*
        annul* отмен* batal* لغو الغاء 取消 रद्द বাতিল
        """,
    "delivery": """
        deliver* ship ships shipping shipped shipment postage dispatch* liefer* versand* versend*
        verschick* envio* enviar envian envia entrega* livr* expedi* достав* kirim* pengiriman
        ارسال تحویل توصیل 配送 送货 发货
        """,
    "return": """
        return* refund* ruckgab* zuruckgeb* zuruckschick* umtausch* ruckerstatt* devol* reembols*
        rembours* возврат* вернуть pengembalian مرجوع ارجاع استرداد 退货 退款
        """,
    "warranty": """
        warrant* guarantee* garanti* gewahrleist* гаранти* garansi گارانتی ضمانت ضمان 保修 वारंटी
        """,
    "payment": """
        pay pays paid payment* raten*
        zahl* bezahl* pagar pago pagos pagamento pay* payer paiement оплат*
        pembayaran پرداخت دفع 付款 支付 भुगतान
        """,
    "discount": """
        discount* reduction rebate rabatt* nachlass* ermassig* descuento* remise desconto скидк*
        diskon تخفیف خصم 折扣 优惠 छूट
        """,
    "repair": """
        repair* fix fixes fixed mend reparier* reparatur* reparar reparacion* reparation ремонт*
        تعمیر 维修
        """,
    "parking": """
        park parks parking parken parkplatz* aparcar aparcamiento* estacionar* парков* parkir
        پارکینگ 停车
        """,
    "support": """
        support helpdesk hilfe soporte ayuda assistance aide поддержк* bantuan پشتیبانی دعم 客服
        """,
    "duration": "dauert dauer tarda tardan duracion duree dure демора длится مدت 多久",
    "people": """
        people persons persones personen leute personas personnes pessoas users user nutzer seats
        """,
    "start": """
        start starts starting launch launches run runs starten starte starten iniciar arrancar
        lancer
        """,
    "contact": """
        contact* kontakt* erreich* reach contacto contactar contacter контакт* kontak ارتباط 联系
        संपर्क
        """,
    "monday": """
        monday mondays mon montag* lunes lundi segunda понедельник senin دوشنبه دوشنبهها الاثنین
        周一 星期一 सोमवार
        """,
    "tuesday": """
        tuesday tuesdays tue dienstag* martes mardi terca вторник selasa سهشنبه سهشنبهها الثلاثاء
        周二 星期二 मंगलवार
        """,
    "wednesday": """
        wednesday wednesdays wed mittwoch* miercoles mercredi quarta среда среду rabu چهارشنبه
        الاربعاء 周三 星期三
        """,
    "thursday": """
        thursday thursdays thu donnerstag* jueves jeudi quinta четверг kamis پنجشنبه پنجشنبهها
        الخمیس 周四 星期四
        """,
    "friday": """
        friday fridays fri freitag* viernes vendredi sexta пятница пятницу jumat جمعه جمعهها
        الجمعه 周五 星期五
        """,
    "saturday": """
        saturday saturdays sat samstag* sabado* samedi суббота субботу sabtu شنبه السبت 周六
        星期六 शनिवार
        """,
    "sunday": """
        sunday sundays sonntag* domingo* dimanche воскресенье minggu یکشنبه یکشنبهها الاحد 周日
        星期日 रविवार
        """,
    "country": """
        country countries abroad overseas international internationally land lander ausland pais
        paises extranjero etranger страны کشور کشورها خارج 国家 国外 देश
        """,
    "allowed": """
        allowed permitted welcome erlaubt gestattet willkommen permitido permitida bienvenidos
        autorise autorises permis مجاز 允许
        """,
    "amex": "amex",
    "visit": "appointment* termin termine terminen cita citas rendez-vous",
}  # fmt: skip
_PHRASES = {
    "price": """
        how much is; how much are; how much does; how much do; how much for; how much to; how much
        will; how much would; wie viel kostet; wieviel kostet; was kostet; cuanto cuesta; cuanto
        vale; cuanto es; combien coute; combien ca coute; quanto custa; сколько стоит; berapa
        harga; چند است; چند تومان; بكم
        """,
    "hours": """
        what time do; what time does; when do you open; when are you open; until when; a que hora;
        quelle heure; a que horas; во сколько; jam berapa; jam buka; ساعت چند; ساعت کار; چه ساعتی;
        几点
        """,
    "address": """
        where is; where are you; where can i find you; where do i find you; wo ist; wo finde; wo
        liegt; wo sind; donde esta; donde estan; ou est; ou se trouve; onde fica; где находится;
        di mana; 在哪里
        """,
    "duration": """
        how long; how many days; how many weeks; how many months; how many years; how many hours;
        how many minutes; wie lange; wie viele tage; wie viele stunden; cuanto tiempo; cuanto
        tarda; cuantos dias; combien de temps; quanto tempo; сколько времени; berapa lama; چه مدت;
        چند روز; چند دقیقه; 多长
        """,
    "phone": """
        phone number; telephone number; number do i call; phone nr; phone no; tel nr; tel no;
        phone num; telefon nr; telefonnr; numero de telefono; numero de telephone;
        شماره تماس; شماره تلفن; رقم الهاتف;
        номер телефона
        """,
    "email": """
        e mail; email address; mail address; mail adresse; direccion de correo; adresse mail; آدرس
        ایمیل
        """,
    "age": """
        how old; wie alt; que edad; cuantos anos tiene; quel age; quantos anos; сколько лет; چند
        سال دارد
        """,
    "time": """
        when; what time; until when; by when; wann; cuando; a que hora; quand; a quelle heure;
        quando; когда; во сколько; kapan; jam berapa; چه زمانی; چه وقت; چه روزی; ساعت چند; متى;
        什么时候; 几点; कब; কখন; کب
        """,
    "return": "take back; taken back; send back; sent back; sending back; bring back; give back",
    "amex": "american express",
    "weight": "how heavy; how much does it weigh; wie schwer; cuanto pesa; چقدر وزن",
}
CONCEPTS = tuple(_WORDS)
_BY_WORD: dict[str, set[str]] = {}
_BY_BEGINNING: dict[str, tuple[str, ...]] = {}
for _name, _text in _WORDS.items():
    for _word in _text.split():
        if not _word.endswith("*") and "_" not in _word:
            _BY_WORD.setdefault(written_words(_word)[0][0], set()).add(_name)
    _BY_BEGINNING[_name] = tuple(w[:-1] for w in _text.split() if w.endswith("*"))
_BY_PHRASE = [
    (f" {phrase.strip()} ", name) for name, text in _PHRASES.items() for phrase in text.split(";")
]

_DAY = r"(?:minut\w{0,3}|hours?|days?|weeks?|months?|years?|stunden?|tage?n?|wochen?|monate?n?|jahre?n?"
_VALUES = {
    "price": re.compile(
        r"[£€$¥₹]|(?<!\w)(?:eur|euros?|usd|gbp|chf|dollars?|pounds?|pence|تومان|ریال|درهم"
        r"|руб\w{0,3})(?!\w)"
        r"|(?<!\w)(?:free|kostenlos|kostenfrei|gratis|gratuit[oae]?s?|رایگان|free of charge"
        r"|бесплатн\w{0,3})(?!\w)|元"
    ),
    "hours": re.compile(
        r"\d{1,2}:\d\d(?!\d)|\d{1,2}(?:\.\d\d)? ?- ?\d{1,2}\.\d\d(?!\d)"
        r"|\d ?(?:a\.?m|p\.?m|uhr|h)(?!\w)|ساعت \d|点"
        r"|(?<!\w)(?:closed|geschlossen|cerrad[oa]|تعطیل|ferme)"
    ),
    "phone": re.compile(r"(?<![\w.,:-])\+?\(?\d[\d ()/.-]{5,20}\d"),
    "email": re.compile(r"\w@\w"),
    "address": re.compile(
        r"\w(?:strasse|str\.|gasse|weg|platz|allee) ?\d|(?<!\w)(?:calle|plaza|avenida|avda|rue"
        r"|via|jalan)(?!\w)"
        r"|\d (?:\w{2,20} ){1,3}(?:street|st|road|rd|lane|avenue|ave|square|drive|close|way"
        r"|place|court|terrace|row|hill|gardens|quay|walk)(?!\w)"
        r"|\d \w{2,20} (?:street|st|road|rd|lane|avenue|ave|square|drive)(?!\w)|خیابان|میدان"
        r"|کوچه|улица|ул\."
    ),
    "weight": re.compile(r"\d ?(?:kg|g|lbs?|oz|tonnen?|tonnes?|kilos?)(?!\w)"),
    "duration": re.compile(
        rf"(?<!\w){_DAY}|minutos?|horas?|dias?|semanas?|meses|anos?|heures?|jours?|mois|ans)(?!\w)"
        r"|(?<!\w)(?:дн|час|недел|месяц|روز|هفته|ماه|دقیقه|سال)"
    ),
}  # fmt: skip
_VALUES["age"] = re.compile(
    r"(?<!\w)(?:born|geboren|nacido|nee? en|years? old|jahre alt|anos de edad|متولد)(?!\w)"
)
_VALUES["time"] = re.compile(
    _VALUES["hours"].pattern + r"|\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.\d{4}"
    r"|(?<!\w)(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|(?:mon|diens|donners|frei|sams"
    r"|sonn)tags?|mittwochs?"
    r"|lunes|martes|miercoles|jueves|viernes|sabados?|domingos?|lundi|mardi|mercredi|jeudi"
    r"|vendredi|samedi|dimanche"
    r"|january|february|march|april|may|june|july|august|september|october|november|december"
    r"|januar|februar|marz|mai"
    r"|juni|juli|oktober|dezember|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre"
    r"|octubre|noviembre"
    r"|diciembre|days?|weeks?|months?|hours?|tage?n?|wochen?|monate?n?|dias?|semanas?|meses)(?!\w)"
    r"|شنبه|جمعه|روز|星期|周|月"
)  # fmt: skip
# A few of those that most is sent to, as the languages above write them.
_VALUES["country"] = re.compile(
    r"(?<!\w)(?:ireland|france|germany|netherlands|belgium|norway|sweden|denmark|switzerland|austria"
    r"|spain|italy|portugal|poland|usa|united states|canada|united kingdom|great britain|uk|australia"
    r"|deutschland|osterreich|schweiz|frankreich|italien|spanien|niederlande|belgien|polen|espana"
    r"|francia|alemania|italia|belgica|allemagne|belgique|suisse|espagne|europe|europa|eu|worldwide"
    r"|weltweit|ایران|آلمان|ترکیه|德国|法国|美国|日本|россия|германия)(?!\w)"
)
VALUED = frozenset(_VALUES)
_PUNCTUATION = re.compile(r"[^\w]+|_")
_MIN_PHONE = 7
_SPAN_OF_TIMES = re.compile(r"\d{1,2}(?:[.:]\d\d)? ?- ?\d{1,2}(?:[.:]\d\d)?")


@lru_cache(maxsize=8192)
def concepts_of_word(word: str) -> frozenset[str]:
    """`word` as `written_words` gives it, or folded alone."""
    found = set(_BY_WORD.get(word, ()))
    found.update(
        name for name, begins in _BY_BEGINNING.items() if begins and word.startswith(begins)
    )
    return frozenset(found)


def concepts_asked(question: str) -> frozenset[str]:
    """Those that phrases of the question name, beside those of its words."""
    said = f" {_PUNCTUATION.sub(' ', fold(question))} "
    return frozenset(name for phrase, name in _BY_PHRASE if phrase in said)


def values_in(text: str) -> frozenset[str]:
    """The concepts that the statement holds a value of.

    >>> sorted(values_in("Ring 0316 555 0142, it costs 5 EUR."))
    ['phone', 'price']
    """
    folded = fold(text)
    found = {name for name, value in _VALUES.items() if name != "phone" and value.search(folded)}
    if any(_is_phone(each[0]) for each in _VALUES["phone"].finditer(folded)):
        found.add("phone")
    return frozenset(found)


def _is_phone(digits: str) -> bool:
    # “9.30-17.30”
    if _SPAN_OF_TIMES.fullmatch(digits):
        return False
    count = sum(map(str.isdigit, digits))
    # A date has points or hyphens alone; a number is told in groups or whole.
    dated = digits.count("-") == 2 or digits.count(".") == 2
    return count >= _MIN_PHONE and not (dated and count == 8)


# What documents call what is asked for, for questions that hold no word of theirs: “where are you?”
_SOUGHT = {
    "address": "address street directions station",
    "hours": "opening hours open closed",
    "phone": "phone telephone number",
    "email": "e-mail contact",
    "price": "price costs",
}


def words_sought(question: str) -> str:
    """Words to search for next to the question's own, where these name nothing but a concept.

    >>> words_sought("Where are you?")
    'address street directions station'
    """
    return " ".join(_SOUGHT[name] for name in sorted(concepts_asked(question) & _SOUGHT.keys()))
