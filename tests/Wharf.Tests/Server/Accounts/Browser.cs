namespace Wharf.Tests.Server.Accounts;

/// <summary>A browser: it keeps the cookie that the server sets, and sends the CSRF token as Quay's pages do.</summary>
internal sealed class Browser(HttpClient anonymous, string cookieName = "wharf-session")
{
    /// <summary>The value of the session's cookie, or null.</summary>
    public string? Cookie { get; set; }

    public string? Csrf { get; set; }

    /// <summary>The Set-Cookie header of the last answer that had one.</summary>
    public string SetCookie { get; private set; } = "";

    public string SessionId => Cookie!.Split('.')[0];

    /// <summary>Signed in as the account.</summary>
    public static async Task<Browser> SignedInAsync(HttpClient anonymous, string name, string password)
    {
        var browser = new Browser(anonymous);
        (await browser.SignInAsync(name, password)).Is(200);
        return browser;
    }

    public static Task<Browser> SignedInAsync(Registry registry, Account account) => SignedInAsync(registry.Anonymous, account.Name, account.Password);

    public async Task<Answer> SignInAsync(string name, string password)
    {
        Csrf = (await SendAsync("GET", "/csrf_token")).Is(200).Json.GetProperty("csrf_token").GetString();
        return await SendAsync("POST", "/api/v1/signin", $$"""{"username":"{{name}}","password":"{{password}}"}""");
    }

    public async Task<Answer> SendAsync(string method, string path, string? json = null, params (string Name, string Value)[] headers)
    {
        List<(string, string)> all = [.. headers];
        if (Cookie is not null)
            all.Add(("Cookie", $"{cookieName}={Cookie}"));
        if (Csrf is not null && method is not ("GET" or "HEAD"))
            all.Add(("X-CSRF-Token", Csrf));
        if (json is not null)
            all.Add(("Content-Type", "application/json"));
        var answer = await anonymous.SendAsync(method, path, json is null ? null : System.Text.Encoding.UTF8.GetBytes(json), [.. all]);
        if (answer.Header("Set-Cookie") is { } set && set.StartsWith(cookieName + "=", StringComparison.Ordinal))
        {
            SetCookie = set;
            var value = set[(cookieName.Length + 1)..].Split(';')[0];
            Cookie = value.Length == 0 ? null : value;
        }
        if (answer.Header("X-Next-CSRF-Token") is { } next)
            Csrf = next;
        return answer;
    }
}
