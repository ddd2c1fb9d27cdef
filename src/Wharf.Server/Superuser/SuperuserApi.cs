using System.Globalization;
using Wharf.Server.Accounts;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Mail;
using Wharf.Server.Organizations;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Superuser;

/// <summary>The users and organizations of the registry, for its superusers, as in Quay.</summary>
internal static class SuperuserApi
{
    private const int MaxPage = 1000;

    public static void MapSuperuser(this WebApplication app)
    {
        app.MapRegistry();
        app.MapGet("/api/v1/superuser/users/", ListUsers).Requires(Permission.InspectRegistry, fresh: true).WithName("listAllUsers")
            .Describe("Lists all users.").Query("disabled", "Disabled ones too, as it is without this parameter.", "boolean")
            .Query("limit", "How many there are on a page, at most 1000.", "integer").Paged().Gives(SuperuserJson.Default.UserList);
        app.MapPost("/api/v1/superuser/users/", CreateUser).Requires(Permission.Superuser, fresh: true).WithName("createInstallUser")
            .Describe("Makes a user; the answer has the password.").Takes(SuperuserJson.Default.NewUser).Gives(SuperuserJson.Default.CreatedUser);
        app.MapGet("/api/v1/superuser/users/{username}", GetUser).Requires(Permission.InspectRegistry, fresh: true).WithName("getInstallUser")
            .Describe("Shows a user.").Gives(SuperuserJson.Default.UserView);
        app.MapPut("/api/v1/superuser/users/{username}", ChangeUser).Requires(Permission.Superuser, fresh: true).WithName("changeInstallUser")
            .Describe("Changes a user; what is left out stays.").Takes(SuperuserJson.Default.ChangedUser).Gives(SuperuserJson.Default.UserView);
        app.MapDelete("/api/v1/superuser/users/{username}", DeleteUser).Requires(Permission.Superuser, fresh: true).WithName("deleteInstallUser")
            .Describe("Deletes a user.").Gives(204);
        app.MapPost("/api/v1/superusers/users/{username}/sendrecovery", SendRecovery).Requires(Permission.Superuser, fresh: true).WithName("sendInstallUserRecoveryEmail")
            .Describe("Mails a user a link to set a new password.").Gives(SuperuserJson.Default.SentRecovery).Internal();
        app.MapGet("/api/v1/superuser/organizations/", ListOrganizations).Requires(Permission.InspectRegistry, fresh: true).WithName("listAllOrganizations")
            .Describe("Lists all organizations.").Query("limit", "How many there are on a page, at most 1000.", "integer").Paged()
            .Gives(SuperuserJson.Default.OrganizationList).Internal();
        app.MapPut("/api/v1/superuser/organizations/{name}", ChangeOrganization).Requires(Permission.Superuser, fresh: true).WithName("changeOrganization")
            .Describe("Renames an organization.").Takes(SuperuserJson.Default.ChangedOrganization).Gives(SuperuserJson.Default.OrganizationView);
        app.MapDelete("/api/v1/superuser/organizations/{name}", DeleteOrganization).Requires(Permission.Superuser, fresh: true).WithName("deleteOrganization")
            .Describe("Deletes an organization; it can be restored for a while.").Gives(204);
        app.MapPost("/api/v1/superuser/takeownership/{namespace}", TakeOwnership).Requires(Permission.Superuser, fresh: true).WithName("takeOwnership")
            .Describe("Makes the caller an owner of an organization; a user becomes an organization by it.").Gives(SuperuserJson.Default.TakenNamespace).Internal();
    }

    private static async Task<IResult> ListUsers(HttpContext http, PeopleStore people, AccountStore accounts, CancellationToken ct)
    {
        var query = http.Request.Query;
        if (query.RefuseUnpublished() is { } refused)
            return refused;
        if (!TryLimit(query, out var count))
            return BadLimit;
        if (!query.TryNextPage(out var after))
            return QuayQuery.NoSuchPage;
        var found = await people.ListAsync(query.IsTrue("disabled", otherwise: true), after, count + 1, ct);
        var shown = found.Take(count).ToList();
        return TypedResults.Json(new UserList([.. shown.Select(p => View(p, accounts))], found.Count > count ? QuayQuery.NextPage(shown[^1].Id) : null), SuperuserJson.Default.UserList);
    }

    // A password may be given here, where Quay always makes a random one.
    private static async Task<IResult> CreateUser(HttpContext http, AccountStore accounts, EncryptedPasswords encrypted, CancellationToken ct)
    {
        var (user, problem) = await JsonBody.ReadAsync(http, SuperuserJson.Default.NewUser, ct);
        if (user is null)
            return problem!;
        var email = user.Email is { Length: > 0 } ? user.Email : null;
        if (new PersonChange(user.Password, email).Problem is { } wrong)
            return Problem.InvalidRequest(wrong);
        var password = user.Password ?? AccountsApi.RandomPassword();
        var made = await accounts.CreateAsync(user.Username, email, password, superuser: false, onlyFirst: false, http.Caller().Principal.AccountId, ct);
        return made.Problem is { } why
            ? Problem.InvalidRequest(why)
            : TypedResults.Json(new CreatedUser(user.Username, user.Email, password, encrypted.Seal(made.Id, AccountStore.FirstCredential, password)), SuperuserJson.Default.CreatedUser);
    }

    private static async Task<IResult> GetUser(string username, PeopleStore people, AccountStore accounts, CancellationToken ct) =>
        await people.FindAsync(username, ct) is { } person ? TypedResults.Json(View(person, accounts), SuperuserJson.Default.UserView) : NoSuchUser;

    /// <summary>
    /// As in Quay superusers are not to be changed, but for taking that away from them where another superuser gave it.
    /// <c>superuser</c> is Wharf's own; Quay has only the list in its settings.
    /// </summary>
    private static async Task<IResult> ChangeUser(HttpContext http, string username, PeopleStore people, AccountStore accounts, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, SuperuserJson.Default.ChangedUser, ct);
        if (body is null)
            return problem!;
        var change = new PersonChange(body.Password, body.Email, null, body.Enabled, body.Superuser);
        if (change.Problem is { } wrong)
            return Problem.InvalidRequest(wrong);
        if (await people.FindAsync(username, ct) is not { } person)
            return NoSuchUser;
        var by = http.Caller().Principal;
        if (IsSuperuser(person, accounts))
        {
            if (change != new PersonChange(Superuser: false))
                return Problem.InvalidRequest("Cannot update a superuser");
            if (accounts.IsSuperuserBySettings(person.Name))
                return Problem.InvalidRequest("The settings make this user a superuser (Accounts.Superusers).");
            if (person.Id == by.AccountId)
                return Problem.InvalidRequest("Another superuser has to do that, so that there always is one.");
        }
        if (change.Superuser == true && accounts.IsReader(person.Name))
            return Problem.InvalidRequest("The settings make this user a global read-only superuser, who is no superuser.");
        if (await people.ChangeAsync(by, person.Id, change, null, null, ct) is { } why)
            return Problem.InvalidRequest(why);
        return await people.FindAsync(username, ct) is { } changed ? TypedResults.Json(View(changed, accounts), SuperuserJson.Default.UserView) : NoSuchUser;
    }

    private static async Task<IResult> DeleteUser(HttpContext http, string username, PeopleStore people, AccountStore accounts, CancellationToken ct)
    {
        if (await people.FindAsync(username, ct) is not { } person)
            return NoSuchUser;
        if (IsSuperuser(person, accounts))
            return Problem.InvalidRequest("Cannot delete a superuser");
        return await people.DeleteAsync(http.Caller().Principal, person.Id, force: true, ct) is { } why ? Problem.InvalidRequest(why) : TypedResults.NoContent();
    }

    private static async Task<IResult> SendRecovery(HttpContext http, string username, PeopleStore people, AccountStore accounts, MailQueue mail, Recoveries recoveries, CancellationToken ct)
    {
        if (!mail.Enabled)
            return Problem.NotFound("This registry sends no mail; give the user another password instead.");
        if (await people.FindAsync(username, ct) is not { } person)
            return NoSuchUser;
        if (IsSuperuser(person, accounts))
            return Problem.InvalidRequest("Cannot send a recovery email for a superuser");
        return await recoveries.SendAsync(http.Caller().Principal, person.Id, ct) is { } why
            ? Problem.InvalidRequest(why)
            : TypedResults.Json(new SentRecovery(person.Email!), SuperuserJson.Default.SentRecovery);
    }

    private static async Task<IResult> ListOrganizations(HttpContext http, SuperuserStore store, CancellationToken ct)
    {
        var query = http.Request.Query;
        if (query.RefuseUnpublished() is { } refused)
            return refused;
        if (!TryLimit(query, out var count))
            return BadLimit;
        if (!query.TryNextPage(out var after))
            return QuayQuery.NoSuchPage;
        var found = await store.ListAsync(after, count + 1, ct);
        var shown = found.Take(count).ToList();
        return TypedResults.Json(new OrganizationList([.. shown.Select(static o => View(o.Name, o.Email))], found.Count > count ? QuayQuery.NextPage(shown[^1].Id) : null),
            SuperuserJson.Default.OrganizationList);
    }

    private static async Task<IResult> ChangeOrganization(HttpContext http, string name, SuperuserStore store, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, SuperuserJson.Default.ChangedOrganization, ct);
        if (body is null)
            return problem!;
        if (await store.FindAsync(name, ct) is not { } organization)
            return NoSuchOrganization;
        if (body.Name is null || body.Name == name)
            return TypedResults.Json(View(organization.Name, organization.Email), SuperuserJson.Default.OrganizationView);
        if (!AccountStore.IsValidName(body.Name))
            return Problem.InvalidRequest("An organization's name has 2 to 255 lower-case letters and digits, with single '.', '_' or '-' between them.");
        return await store.RenameAsync(http.Caller().Principal, organization.Id, body.Name, ct) is { } why
            ? Problem.InvalidRequest(why)
            : TypedResults.Json(View(body.Name, organization.Email), SuperuserJson.Default.OrganizationView);
    }

    private static async Task<IResult> DeleteOrganization(HttpContext http, string name, SuperuserStore store, OrganizationStore organizations, CancellationToken ct)
    {
        if (await store.FindAsync(name, ct) is not { } organization)
            return NoSuchOrganization;
        return (await organizations.DeleteAsync(http.Caller().Principal, organization.Id, ct)).Problem is null ? TypedResults.NoContent() : NoSuchOrganization;
    }

    private static async Task<IResult> TakeOwnership(HttpContext http, string @namespace, SuperuserStore store, PeopleStore people, AccountStore accounts, CancellationToken ct)
    {
        var by = http.Caller().Principal;
        if (await people.FindAsync(@namespace, ct) is { } person)
        {
            if (IsSuperuser(person, accounts))
                return Problem.InvalidRequest("Cannot take ownership of a superuser");
            if (await store.ConvertAsync(by, person.Id, ct) is { } why)
                return Problem.InvalidRequest(why);
        }
        else if (await store.FindAsync(@namespace, ct) is not { } organization || !await store.JoinOwnersAsync(by, organization.Id, ct))
            return Problem.NotFound("There is no such user or organization.");
        return TypedResults.Json(new TakenNamespace(@namespace), SuperuserJson.Default.TakenNamespace);
    }

    private static Problem NoSuchUser => Problem.NotFound("There is no such user.");

    private static Problem NoSuchOrganization => Problem.NotFound("There is no such organization.");

    private static Problem BadLimit => Problem.InvalidRequest($"limit is a number from 1 to {MaxPage}.");

    private static bool TryLimit(IQueryCollection query, out int count)
    {
        count = MaxPage;
        return query["limit"] is not { Count: > 0 } limit || (int.TryParse(limit.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out count) && count is > 0 and <= MaxPage);
    }

    private static bool IsSuperuser(Person person, AccountStore accounts) => !accounts.IsReader(person.Name) && (person.Superuser || accounts.IsSuperuserBySettings(person.Name));

    private static UserView View(Person person, AccountStore accounts) => new(
        "user", person.Name, person.Name, person.Email, person.Verified, Avatar.Of(person.Name, "user"), IsSuperuser(person, accounts), accounts.IsReader(person.Name), person.Enabled,
        QuayDate.Format(person.CreatedMs)!, QuayDate.Format(person.LastUsedMs));

    private static OrganizationView View(string name, string? email) => new(name, email ?? "", Avatar.Of(name, "org"));
}
