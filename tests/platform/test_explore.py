import time, json
from uuid import uuid4
import httpx, pytest
from tests.platform.processes import *
from tests.live import Process
from tests.conversations.client import Chat, ingest, ORIGIN
from conversations.onboarding import create_workspace

def ask(url, ws, q="What is the access code of the Zorblatt depot?"):
    t=time.time()
    r=httpx.post(url+"/v1/chat/completions",headers={"Authorization":f"Bearer {ws.secret_key}"},json={"model":str(ws.chatbot_id),"messages":[{"role":"user","content":q}]},timeout=60,trust_env=False)
    print("ASK",r.status_code,round(time.time()-t,2),r.text[:300])
def test_x():
    ws=create_workspace(slug=f"w{uuid4().hex[:16]}",name="T",origins=[ORIGIN])
    ingest(ws.tenant.id,"a.md","# Depot\n\nThe access code of the Zorblatt depot is 48213.\n")
    H={"Authorization":f"Bearer {ws.secret_key}"}
    with Process("web",environment=dead_redis()) as web:
        for p in ("/healthz","/readyz"):
            t=time.time(); r=get(web,p); print(p,r.status_code,r.text,time.time()-t)
        ask(web.url,ws); ask(web.url,ws)
        t=time.time(); r=httpx.post(web.url+"/v1/documents",headers=H,files={"file":("b.md",b"hello there "+uuid4().hex.encode())},timeout=60,trust_env=False); print("UP",r.status_code,r.text[:200],time.time()-t)
        t=time.time()
        with Chat(web.socket_url,ws.publishable_key) as c:
            print([f["type"] for f in c.answer("What is the access code of the Zorblatt depot?")],time.time()-t)
        print("LOG",web.log()[-3000:])
    with Process("web",environment=dead_database()) as web:
        for p in ("/healthz","/readyz","/v1/models"):
            t=time.time(); r=get(web,p,**H); print(p,r.status_code,r.text,time.time()-t)
        t=time.time(); ask(web.url,ws)
        r=get(web,"/v1/documents",**H); print(r.status_code,r.text,time.time()-t)
        t=time.time()
        r=get(web,"/",Host="acme.localhost"); print(r.status_code,r.text[:300],time.time()-t)
        t=time.time()
        with Chat(web.socket_url) as c:
            c.send("session.start",key=ws.publishable_key); print(c.next(40),time.time()-t)
        print("LOG",web.log()[-6000:])
    for name,url in (("super",layout().superuser_url),("migrator",layout().migrator_url)):
        with Process("web",environment=with_database(url)) as web:
            r=get(web,"/readyz"); print(name,r.status_code,r.text)
            if r.status_code==500: print(web.log()[-3000:])
