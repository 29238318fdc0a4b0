package sangathan_test

// doors lists every way in: face, method and address | what is done, by the policy |
// what {id} names | the body that is sent, so plausible that nothing but the gate can
// refuse it. "public" is for everyone, "-" for everyone who is signed in.
//
// {own} is the reader's own body, {seat} a vacant seat there, {colleague} somebody
// there. "(needs X)" before the rule: first of all X has to be permitted somewhere;
// "(needs own X)": in one's own body.
//
// "also" lines are further places in which the same address takes an id: a "filter"
// or "choice" that cannot be seen answers exactly as one that does not exist; "find"
// finds exactly those whom the policy lets one find.
const doors = `
web GET /signin                          | public
web POST /signin                         | public | - | phone=9000099999
web GET /signin/code                     | public
web POST /signin/code                    | public | - | code=123456
web GET /signin/name                     | public
web POST /signin/name                    | public | - | person={colleague}
web GET /signin/pin                      | public
web POST /signin/pin                     | public | - | login=123456789&pin=2580
web GET /signin/second                   | public
web POST /signin/second                  | public | - | code=123456
web GET /slip/{token}                    | public
web POST /slip/{token}                   | public | - | pin=2580&again=2580
web GET /welcome                         | -
web POST /signout                        | public
web POST /lang                           | public | - | lang=hi
web GET /help                            | public
web GET /{$}                             | -
web GET /me                              | -
web POST /me/hat                         | take hat          | membership | membership={id}
web GET /me/pin                          | -
web POST /me/pin                         | -                 | - | pin=2580&again=2580
web POST /me/sessions                    | -                 | - | others=yes
web GET /me/lost                         | -
web POST /me/lost                        | -                 | - | number=none
web POST /me/number                      | -                 | - | number=9000099999
web GET /me/second                       | -
web POST /me/second                      | -                 | - | code=123456
web POST /me/second/begin                | -
web POST /me/second/remove               | -                 | - | code=123456
web GET /backups                         | (needs watch backups) -
web GET /signins                         | (needs watch sign-ins) -

web GET /exports                         | -

web GET /org/{id}                        | see body          | body
web GET /org/{id}/seats                  | see body          | body
web GET /org/{id}/list                   | see figures       | body ?of=active
also web GET /org/{id}/list?of=entries   | see figures       | body
also web GET /org/{id}/list?of=listed    | draft list        | body
also web GET /org/{id}/list?of=cases&step=opened | count cases | body
web GET /area/{id}                       | -                 | area
web GET /area/{id}/list                  | see figures       | area ?of=agents
also web GET /area/{id}/list?of=entries  | see figures       | area
web GET /person/{id}                     | see person        | person
web POST /person/{id}/slip               | give slip         | person
web GET /person/{id}/lost                | give slip         | person
web POST /person/{id}/lost               | give slip         | person | number=none
web POST /person/{id}/second/reset       | give slip         | person
web GET /membership/{id}/leave           | record leave      | membership
web POST /membership/{id}/leave          | record leave      | membership | from_day=2026-11-25&to_day=2026-11-28&reason=x
web GET /membership/{id}/end             | record end        | membership
web POST /membership/{id}/end            | record end        | membership | reason=resigned&day=2026-11-20&note=x
web GET /people                          | -
web GET /vacancies                       | -
web GET /lists                           | (needs load lists) -
web POST /lists                          | (needs load lists) - | - | kind=people&text=x&role=x&source=x&source_day=2026-11-22&file=x
web GET /list/{id}                       | load list         | intake
web GET /list/{id}/rows                  | load list         | intake ?of=faulty
web POST /list/{id}/columns              | load list         | intake | fixed.role=x
web POST /list/{id}/load                 | load list         | intake
web POST /list/{id}/undo                 | load list         | intake
web GET /first                           | (needs load lists) -
web GET /first/sheet                     | (needs load lists) -
web POST /first/name                     | (needs administer) - | - | name_hi=x&name_en=x
web POST /first/words                    | (needs administer) - | - | words=
web GET /org/{id}/register               | complete register | body
web POST /org/{id}/register              | complete register | body | below=no
web GET /orders                          | -
web GET /order/{id}                      | see order         | order
web GET /order/{id}/revoke               | revoke order      | order
web POST /order/{id}/revoke              | revoke order      | order | reason=x
web GET /letters/{id}                    | see order         | letter
web GET /order/{id}/pdf                  | see order         | order
web GET /case/{id}/notice/pdf            | see notice        | notice
web GET /org/{id}/diary                  | see contacts      | body
web GET /org/{id}/letters                | edit letters      | body
web GET /org/{id}/letters/head           | edit letters      | body
web POST /org/{id}/letters/head          | edit letters      | body | address_hi=x&address_en=x&contact_hi=x&contact_en=x&copy_hi=x&copy_en=x&mark=x
web GET /org/{id}/letters/emblem         | edit letters      | body
web GET /org/{id}/letters/{kind}/{lang}  | edit letters      | body
web POST /org/{id}/letters/{kind}/{lang} | edit letters      | body | template={template}
web POST /org/{id}/letters/{kind}/{lang}/preview | edit letters | body | template={template}
web POST /org/{id}/letters/{kind}/{lang}/restore | edit letters | body | version=0
also web GET /letters/{id}               | see notice        | notice-letter
web GET /dispatch                        | -
also web GET /dispatch?unit={id}         | filter            | body
also web GET /dispatch?body={id}         | filter            | body
also web GET /people?q={id}              | find              | person
also web GET /people?q={id}              | find              | phone
also web GET /vacancies?unit={id}        | filter            | body
also web GET /orders?unit={id}           | filter            | body
also web GET /orders?body={id}           | filter            | body
also web GET /orders?person={id}         | filter            | person
also web GET /orders?day=2026-11-22      | -

web GET /activity                        | -
web GET /activity/new                    | report for        | membership ?for={id}
web POST /activity/new                   | report for        | membership ?for={id} | kind=chaupal&day=2026-11-20&people=3&note=x&word=call
web GET /org/{id}/activity/new           | report for        | body
web POST /org/{id}/activity/new          | report for        | body | kind=chaupal&day=2026-11-20&word=call&who={member}
web GET /activity/{id}                   | see entry         | entry
web POST /activity/{id}/confirm          | confirm entry     | entry
web GET /activity/{id}/object            | confirm entry     | entry
web POST /activity/{id}/object           | confirm entry     | entry | reason=x
also web GET /activity?org={id}          | filter            | body
also web GET /activity?unit={id}         | filter            | body
also web GET /activity?reporting={id}    | filter            | body
also web GET /activity?person={id}       | filter            | person
also web GET /activity?membership={id}   | filter            | membership
also web GET /activity?area={id}         | filter            | area

web GET /directives                      | -
web GET /directive/new                   | (needs issue directive) -
web POST /directive/new                  | (needs issue directive) - | - | kind=general&subject=x&body=x&kinds=block_committee&due_day=2026-12-05
web GET /directive/{id}                  | see directive     | directive
web POST /directive/{id}/acknowledge     | (needs answer directive) see directive | directive
web GET /directive/{id}/answer           | (needs answer directive) see directive | directive ?body={own}
web POST /directive/{id}/answer          | (needs answer directive) see directive | directive ?body={own} | body=x
also web GET /directive/{to-all}?unit={id} | filter          | body
also web GET /directive/{to-all}?body={id} | filter          | body
also web GET /directive/{to-all}/answer?body={id} | (needs answer directive) answer directive | body
also web POST /directive/{to-all}/answer?body={id} | (needs answer directive) answer directive | body | body=x

web GET /reviews                         | (needs draft list) -
web GET /review/new                      | (needs draft list) -
web POST /review/new                     | (needs draft list) draft list | body | unit={id}&from_month=2026-09&to_month=2026-10
web GET /review/{id}                     | see list          | list
web POST /review/{id}/redraft            | redraft list      | list
web GET /review/{id}/send                | return list       | list
web POST /review/{id}/send               | return list       | list
web GET /review-line/{id}                | see line          | line
web POST /review-line/{id}               | check line        | line | verdict=excused&reason=x
web GET /criteria                        | -
web GET /criteria/new                    | (needs publish criteria) -
web POST /criteria/new                   | (needs publish criteria) - | - | months=6&min_expected=12&below_percent=50&reply_days=15&appeal_days=30
also web GET /reviews?unit={id}          | (needs draft list) filter | body
also web GET /review/new?unit={id}       | (needs draft list) filter | body

web GET /cases                           | -
web GET /case/{id}                       | see case          | case
web GET /case/{id}/notice                | see notice        | notice
web POST /case/{id}/talk                 | talk              | case | manner=call&day=2026-11-22&text=x&reached=yes
web POST /case/{id}/notice               | issue notice      | case | text=x
web POST /case/{id}/open                 | answer own case   | notice
web POST /case/{id}/serve                | record service    | notice | manner=call&day=2026-11-22&text=x
web POST /case/{id}/reply                | answer own case   | notice | text=x
web POST /case/{id}/reply-for            | record service    | case | manner=letter&text=x
web POST /case/{id}/appeal-for           | record service    | case | manner=letter&text=x
web POST /case/{id}/recommend            | recommend         | case | verdict=warn&text=x
web POST /case/{id}/decide               | decide            | case | verdict=warn&text=x
web POST /case/{id}/settle               | decide            | case | text=x
web POST /case/{id}/appeal               | answer own case   | case | text=x
web POST /case/{id}/hear                 | hear appeal       | case | result=upheld&text=x
web GET /membership/{id}/relieve         | relieve now       | membership
web POST /membership/{id}/relieve        | relieve now       | membership | reason=x&sure=yes
web GET /deciders                        | (needs hear appeal) -
also web GET /cases?unit={id}            | filter            | body
also web GET /cases?person={id}          | filter            | person
also web GET /cases?decider={id}         | filter            | person
also web GET /cases?list={id}            | see list          | list

web GET /seat/{id}                       | see body          | seat
web GET /seat/{id}/propose               | propose           | seat
web POST /seat/{id}/propose              | propose           | seat | person={colleague}&charge=regular&reason=x
web GET /proposals                       | (needs see proposals) -
web GET /proposal/{id}                   | see proposal      | proposal
web POST /proposal/{id}/approve          | approve           | proposal | day=2026-11-22&reason=x
web POST /proposal/{id}/refuse           | approve           | proposal | reason=x
web POST /proposal/{id}/withdraw         | withdraw proposal | proposal
also web GET /seat/{seat}/propose?person={id} | (needs own propose) filter | person
also web GET /seat/{seat}/propose?q={id} | (needs own propose) find | person
also web POST /seat/{seat}/propose       | (needs own propose) choice | person | person={id}&charge=regular&reason=x
also web GET /proposals?unit={id}        | (needs see proposals) filter | body

api POST /sign-in/code                   | public | - | {"phone":"9000099999"}
api POST /sign-in                        | public | - | {"ticket":"none","person":"{colleague}"}
api GET /me                              | -
api GET /me/sessions                     | -
api POST /me/sessions/end                | -                 | session | {"session":"{id}"}
api POST /people/{id}/lost-phone         | give slip         | person | {}
api GET /areas/{id}                      | -                 | area
api GET /areas/{id}/results              | -                 | area
api GET /elections                       | -
api GET /units                           | -
api GET /organizations/{id}              | see body          | body
api GET /organizations/{id}/suborganizations | see body      | body
api GET /organizations/{id}/holders      | see body          | body
api GET /organizations/{id}/seats        | see body          | body
api GET /organizations/{id}/count        | see body          | body
api GET /seats/{id}                      | see body          | seat
api GET /vacancies                       | -
api GET /people                          | -
api GET /people/{id}                     | see person        | person
api GET /people/{id}/record              | see person        | person
api GET /orders                          | -
api GET /orders/{id}                     | see order         | order
api GET /orders/{id}/letter              | see order         | order
api GET /orders/{id}/letter.pdf          | see order         | order
api POST /orders/{id}/revoke             | revoke order      | order | {"text":"x"}
api POST /memberships/{id}/end           | record end        | membership | {"reason":"resigned","day":"2026-11-20"}
api POST /memberships/{id}/relieve-now   | relieve now       | membership | {"text":"x"}
api POST /memberships/{id}/leave         | record leave      | membership | {"from_day":"2026-11-25","to_day":"2026-11-28","reason":"x"}
also api GET /vacancies?unit={id}        | filter            | body
also api GET /people?q={id}              | find              | person
also api GET /people?q={id}              | find              | phone
also api GET /orders?unit={id}           | filter            | body
also api GET /orders?person={id}         | filter            | person
also api GET /orders?organization={id}   | filter            | body
api GET /letters                         | -
api POST /letters.pdf                    | - | - | {}
api POST /organizations/{id}/diary       | see contacts      | body | {}
also api GET /letters?unit={id}          | filter            | body
also api GET /letters?body={id}          | filter            | body
also api GET /letters?person={id}        | filter            | person

api GET /activities                      | -
api GET /activities/total                | -
api POST /activities                     | report for        | membership | {"id":"{form}","membership":"{id}","kind":"chaupal","area":"","day":"2026-11-20","people":3,"note":"x","word":"call"}
api GET /activities/{id}                 | see entry         | entry
api POST /activities/{id}/confirm        | confirm entry     | entry | {}
api POST /activities/{id}/object         | confirm entry     | entry | {"text":"x"}
also api GET /activities?organization={id}       | filter    | body
also api GET /activities?unit={id}               | filter    | body
also api GET /activities?person={id}             | filter    | person
also api GET /activities?membership={id}         | filter    | membership
also api GET /activities?area={id}               | filter    | area
also api GET /activities/total?organization={id} | filter    | body
also api GET /activities/total?unit={id}         | filter    | body
also api GET /activities/total?person={id}       | filter    | person
also api GET /activities/total?membership={id}   | filter    | membership
also api GET /activities/total?area={id}         | filter    | area

api GET /directives                      | -
api POST /directives                     | (needs own issue directive) - | - | {"kind":"general","subject":"x","kinds":["block_committee"],"due_day":"2026-12-05"}
api GET /directives/due                  | -
api GET /directives/{id}                 | see directive     | directive
api GET /directives/{id}/answers         | see directive     | directive
api POST /directives/{id}/acknowledge    | (needs own answer directive) see directive | directive | {"organization":"{own}"}
api POST /directives/{id}/answer         | (needs own answer directive) see directive | directive | {"organization":"{own}","text":"x"}
also api POST /directives/{to-all}/acknowledge | answer directive | body | {"organization":"{id}"}
also api POST /directives/{to-all}/answer      | answer directive | body | {"organization":"{id}","text":"x"}

api GET /criteria                        | -
api GET /reviews                         | -
api POST /reviews                        | draft list        | body | {"unit":"{id}","from_month":"2026-09","to_month":"2026-10"}
api GET /reviews/{id}                    | see list          | list
api GET /reviews/{id}/lines              | see list          | list
api GET /reviews/{id}/silent             | see list          | list
api POST /reviews/{id}/send              | return list       | list | {}
api GET /review-lines/{id}               | see line          | line
api POST /review-lines/{id}/check        | check line        | line | {"verdict":"excused","text":"x"}
also api GET /reviews?unit={id}          | filter            | body

api GET /cases                           | -
api GET /cases/{id}                      | see case          | case
api GET /cases/{id}/notice.pdf           | see notice        | notice
api POST /cases/{id}/talk                | talk              | case | {"manner":"call","day":"2026-11-22","text":"x","reached":true}
api POST /cases/{id}/notice              | issue notice      | case | {"text":"x"}
api POST /cases/{id}/service             | record service    | notice | {"manner":"call","day":"2026-11-22","text":"x"}
api POST /cases/{id}/reply               | answer own case   | notice | {"text":"x"}
api POST /cases/{id}/recommendation      | recommend         | case | {"verdict":"warn","text":"x"}
api POST /cases/{id}/decision            | decide            | case | {"verdict":"warn","text":"x"}
api POST /cases/{id}/settle              | decide            | case | {"text":"x"}
api POST /cases/{id}/appeal              | answer own case   | case | {"text":"x"}
api POST /cases/{id}/appeal-decision     | hear appeal       | case | {"verdict":"upheld","text":"x"}
also api GET /cases?unit={id}            | filter            | body
also api GET /cases?person={id}          | filter            | person
also api GET /cases?list={id}            | filter            | list

api GET /proposals                       | -
api POST /proposals                      | propose           | seat | {"seat":"{id}","person":"{colleague}","charge":"regular","reason":"x"}
api GET /proposals/{id}                  | see proposal      | proposal
api POST /proposals/{id}/approve         | approve           | proposal | {"day":"2026-11-22","reason":"x"}
api POST /proposals/{id}/refuse          | approve           | proposal | {"text":"x"}
api POST /proposals/{id}/withdraw        | withdraw proposal | proposal | {}
also api GET /proposals?unit={id}        | filter            | body
also api GET /proposals?seat={id}        | filter            | seat
also api POST /proposals                 | (needs own propose) choice | person | {"seat":"{seat}","person":"{id}","charge":"regular","reason":"x"}
`

// Names of queries, form fields and JSON fields that never hold an id. Whatever else a
// page or route reads has to stand in doors with {id}, or the test fails. after_ is followed by
// a table, and names a row of that very table.
const plainNames = `
sort as limit kind year mark letter rows month waiting state after role step verdict period on q code phone pin ticket again login lang back form_id device second others number words below
text reason day note charge from_day to_day from_month to_month manner reached sure word people kinds due_day subject body_text
name name_en name_hi gender birth_year new new_person of dir do tree at_once decision months min_expected below_percent reply_days appeal_days result id
source source_day address_hi address_en contact_hi contact_en copy_hi mark copy_en copy_more copy_to no_emblem template version level after_
`
