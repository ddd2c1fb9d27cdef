using Wharf.Server.Auth;
using Wharf.Server.Hosting;

namespace Wharf.Server.Accounts;

/// <summary>
/// The superuser <c>admin</c> of an empty registry, with the password of WHARF_ADMIN_PASSWORD or a random one that is shown once.
/// A hosted service, because only <c>serve</c> makes one, before the first request is taken.
/// </summary>
internal sealed class FirstSuperuser(AccountStore accounts, AccountOptions options) : IHostedService
{
    private const string Name = "admin";
    private const string Variable = "WHARF_ADMIN_PASSWORD";

    /// <exception cref="CannotStartException">The password that the environment gives is none.</exception>
    public static void CheckEnvironment()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { } given && !PasswordHash.IsAcceptable(given))
            throw new CannotStartException($"{Variable} must have 8 to 1024 characters.");
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!options.InitialAdmin || await accounts.AnyAsync(cancellationToken))
            return;
        var given = Environment.GetEnvironmentVariable(Variable);
        var password = given ?? AccountsApi.RandomPassword();
        var made = await accounts.CreateAsync(Name, null, password, superuser: true, onlyFirst: true, by: 0, cancellationToken);
        if (made.Problem is null && given is null)
            await Console.Out.WriteLineAsync($"The superuser '{Name}' has the password {password} (shown only now; set {Variable} to choose it yourself)");
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
