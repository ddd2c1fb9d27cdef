using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Server.Auth;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Settings;
using Wharf.Server.Mail;
using Wharf.Server.Outbox;

namespace Wharf.Server.Accounts;

internal static class AccountsSetup
{
    public static void AddAccounts(this WebApplicationBuilder builder)
    {
        builder.AddSection<AccountOptions>("Accounts");
        FirstSuperuser.CheckEnvironment();
        builder.Services.AddSingleton<AccountStore>().AddSingleton<PeopleStore>().AddSingleton<Namespaces>()
            .AddSingleton(new AdminCommand("user.add", AddUserAsync))
            .AddSingleton(new AdminCommand("user.password", SetPasswordAsync))
            .AddSingleton(static s => new EventListener(s.GetRequiredService<AccountStore>().Hear))
            .AddSingleton<MailCodes>().AddSingleton<Recoveries>()
            .AddHostedService<FirstSuperuser>();
        if (builder.SendsMail())
            builder.Services.AddHostedService<RecoveryWorker>().AddHostedService<MailCodeSweeper>();
    }

    private static async Task<AdminResult> AddUserAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var (name, password) = (arguments.GetProperty("name").GetString() ?? "", arguments.GetProperty("password").GetString() ?? "");
        var made = await services.GetRequiredService<AccountStore>().CreateAsync(name, null, password, superuser: false, onlyFirst: false, by: 0, ct);
        return made.Problem is { } problem
            ? new AdminResult(false, $"The user {name} was not added. {problem}")
            : new AdminResult(true, $"The user {name} was added.", new JsonObject { ["name"] = name });
    }

    private static async Task<AdminResult> SetPasswordAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var (name, password) = (arguments.GetProperty("name").GetString() ?? "", arguments.GetProperty("password").GetString() ?? "");
        var people = services.GetRequiredService<PeopleStore>();
        if (!PasswordHash.IsAcceptable(password))
            return new AdminResult(false, "A password has at least 8 characters.");
        if (await people.FindAsync(name, ct) is not { } person)
            return new AdminResult(false, $"There is no user {name}.");
        var problem = await people.ChangeAsync(Principal.Anonymous, person.Id, new PersonChange { Password = password }, null, null, ct);
        return problem is not null ? new AdminResult(false, problem) : new AdminResult(true, $"The user {name} has another password.", new JsonObject { ["name"] = name });
    }
}
