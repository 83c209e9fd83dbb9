// What the plugins do, for njs, which can't set headers of the request.

function headers(r) {
    r.headersOut['x-greeting'] = 'hello';
}

function ten(r) {
    for (let i = 0; i < 10; i++) {
        let value = r.headersIn['x-h' + i];
        if (i == 3 && (!value || value[0] != 'v')) {
            return;
        }
    }
    r.headersOut['x-greeting'] = 'hello';
}

function upper(r, data, flags) {
    r.sendBuffer(data.toUpperCase(), flags);
}

export default { headers, ten, upper };
